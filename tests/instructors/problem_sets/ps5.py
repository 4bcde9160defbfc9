"""Variants of problem set 5: training and reading curves."""

from variants import always_equal, correct, edited, wrong

REPORT = """
@torch.no_grad()
def report(model, batches, num_classes):
    modes = {name: module.training for name, module in model.named_modules()}
    model.eval()
    total, right, second, n = 0.0, 0, 0, 0
    hits, images_of = [0] * num_classes, [0] * num_classes
    try:
        for x, y in batches:
            scores = model(x)
            total += F.cross_entropy(scores, y, reduction="sum").item()
            order = scores.argsort(dim=1, descending=True)
            for i, label in enumerate(y.tolist()):
                n += 1
                images_of[label] += 1
                right += order[i, 0].item() == label
                hits[label] += order[i, 0].item() == label
                second += label in order[i, :2].tolist()
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    shares = [h / m if m > 0 else None for h, m in zip(hits, images_of)]
    return {"loss": total / n, "accuracy": right / n, "top2": second / n, "per_class": shares}
"""
RESTORE = """        for name, module in model.named_modules():
            module.training = modes[name]
"""
REPORT_PACKAGE = """
def report(model, batches, num_classes):
    from densenet_lesson.training.evaluation import evaluation_mode

    losses, places, labels = [], [], []
    with evaluation_mode(model), torch.inference_mode():
        for x, y in batches:
            scores = model(x)
            losses += (-scores.log_softmax(1).gather(1, y[:, None])[:, 0]).tolist()
            own = scores.gather(1, y[:, None])
            places += (scores > own).sum(1).tolist()  # classes with a higher score
            labels += y.tolist()

    def share(of, limit):
        return sum(place < limit for place in of) / len(of) if of else None

    per_class = [[p for p, y in zip(places, labels) if y == c] for c in range(num_classes)]
    return {
        "loss": sum(losses) / len(losses),
        "accuracy": share(places, 1),
        "top2": share(places, 2),
        "per_class": [share(of, 1) for of in per_class],
    }
"""
REPORT_MATRIX = """
def report(model, batches, num_classes):
    layers = list(model.modules())
    before = [layer.training for layer in layers]
    weighted, n, top2 = 0.0, 0, 0
    matrix = torch.zeros(num_classes, num_classes)  # right class, answer
    try:
        model.train(False)
        for x, y in batches:
            with torch.no_grad():
                scores = model(x)
            weighted = weighted + F.cross_entropy(scores, y).item() * len(y)
            n = n + len(y)
            _, best = torch.topk(scores, 2)
            top2 = top2 + int((best == y.unsqueeze(1)).sum())
            for label, answer in zip(y, scores.max(1).indices):
                matrix[label, answer] += 1
    finally:
        for layer, mode in zip(layers, before):
            layer.training = mode
    sums = matrix.sum(1)
    diagonal = matrix.diag()
    return dict(
        loss=weighted / n,
        accuracy=float(diagonal.sum()) / n,
        top2=top2 / n,
        per_class=[float(diagonal[c] / sums[c]) if sums[c] else None for c in range(num_classes)],
    )
"""

STEP = """
def step_in_pieces(model, optimizer, images, labels, piece):
    n, total = len(images), 0
    model.train()
    optimizer.zero_grad()
    for start in range(0, n, piece):
        x, y = images[start : start + piece], labels[start : start + piece]
        loss = F.cross_entropy(model(x), y, reduction="sum") / n
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total
"""
STEP_SCALED = """
def step_in_pieces(model, optimizer, images, labels, piece):
    for parameter in model.parameters():
        parameter.grad = None
    model.train(True)
    losses = []
    for x, y in zip(torch.split(images, piece), torch.split(labels, piece)):
        loss = nn.CrossEntropyLoss()(model(x), y)
        (loss * len(x)).backward()
        losses.append((loss.detach(), len(x)))
    for parameter in model.parameters():
        parameter.grad /= len(images)
    optimizer.step()
    return float(sum(loss * n for loss, n in losses) / len(images))
"""
STEP_GRAD = """
def step_in_pieces(model, optimizer, images, labels, piece):
    model.train()
    parameters = list(model.parameters())
    for p in parameters:
        p.grad = torch.zeros_like(p)
    losses = []
    for x, y in zip(images.split(piece), labels.split(piece)):
        loss = F.cross_entropy(model.forward(x), y, reduction="sum") / len(labels)
        losses.append(loss.item())
        for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            p.grad += gradient
    optimizer.step()
    return sum(losses)
"""
STEP_SUMS = """
def step_in_pieces(model, optimizer, images, labels, piece):
    model.train()
    sums = [torch.zeros_like(p) for p in model.parameters()]
    mean_loss, position = 0.0, 0
    while position < len(images):
        x = images[position : position + piece]
        y = labels[position : position + piece]
        share = len(x) / len(images)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        mean_loss += share * loss.item()
        for total, p in zip(sums, model.parameters()):
            total += share * p.grad
        position += piece
    for total, p in zip(sums, model.parameters()):
        p.grad = total
    optimizer.step()
    return mean_loss
"""

RATE = """
def rate(step, warmup, first_cycle, highest, lowest=0.0):
    if step < warmup:
        return (step + 1) / warmup * highest
    start, T = warmup, first_cycle
    while step >= start + T:
        start += T
        T *= 2
    wave = 0.5 * (1 + math.cos(math.pi * (step - start) / T))
    return lowest + (highest - lowest) * wave
"""
RATE_CLOSED = """
def rate(step, warmup, first_cycle, highest, lowest=0.0):
    if step < warmup:
        return highest * (step + 1) / warmup
    t = step - warmup
    cycle = (t // first_cycle + 1).bit_length() - 1  # finished cycles
    t -= first_cycle * (2**cycle - 1)
    share = (1 + math.cos(math.pi * t / (first_cycle * 2**cycle))) / 2
    return highest * share + lowest * (1 - share)
"""
RATE_RECURSIVE = """
def rate(step, warmup, first_cycle, highest, lowest=0.0):
    if warmup > step:
        return highest / warmup * (1 + step)
    t = step - warmup
    if t >= first_cycle:
        return rate(t - first_cycle, 0, first_cycle * 2, highest, lowest)
    return (highest + lowest) / 2 + (highest - lowest) / 2 * math.cos(t * math.pi / first_cycle)
"""
RATE_COUNTED = """
def rate(step, warmup, first_cycle, highest, lowest=0.0):
    if step < warmup:
        return highest * (step + 1) / warmup
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=highest)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, T_0=first_cycle, T_mult=2, eta_min=lowest
    )
    for _ in range(step - warmup):
        optimizer.step()
        schedule.step()
    return optimizer.param_groups[0]["lr"]
"""
RATE_WITH_MEMORY = """
STATE = {"t": 0, "T": None}


def rate(step, warmup, first_cycle, highest, lowest=0.0):
    if step < warmup:
        return highest * (step + 1) / warmup
    if step == warmup or STATE["T"] is None:
        STATE.update(t=0, T=first_cycle)
    t, T = STATE["t"], STATE["T"]
    STATE["t"] += 1
    if STATE["t"] == T:
        STATE.update(t=0, T=2 * T)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * t / T)) / 2
"""

CHECKPOINT = """
def save(path, model, optimizer, step):
    new = Path(path).with_suffix(".new")
    torch.save([model.state_dict(), optimizer.state_dict(), torch.get_rng_state(), step], new)
    os.replace(new, path)


def load(path, model, optimizer):
    weights, momentum, random, step = torch.load(path, weights_only=True)
    model.load_state_dict(weights)
    optimizer.load_state_dict(momentum)
    torch.set_rng_state(random)
    return step
"""
CHECKPOINT_LOOP = """
def save(path, model, optimizer, step):
    path = Path(path)
    tensors = {f"weight {name}": tensor for name, tensor in model.state_dict().items()}
    everything = {**tensors, "optimizer": optimizer.state_dict(), "next": step}
    everything["generator"] = torch.random.get_rng_state()
    with open(path.parent / "unfinished", "wb") as file:
        torch.save(everything, file)
    os.replace(path.parent / "unfinished", path)


def load(path, model, optimizer):
    everything = torch.load(str(path), weights_only=True, map_location="cpu")
    for name, tensor in model.state_dict().items():
        tensor.copy_(everything[f"weight {name}"])
    optimizer.load_state_dict(everything["optimizer"])
    torch.random.set_rng_state(everything["generator"])
    return int(everything["next"])
"""
CHECKPOINT_BYTES = """
import io


def save(path, model, optimizer, step):
    buffer = io.BytesIO()
    state = dict(m=model.state_dict(), o=optimizer.state_dict(), r=torch.get_rng_state(), s=step)
    torch.save(state, buffer)
    temporary = str(path) + "-new"
    Path(temporary).write_bytes(buffer.getvalue())
    os.replace(temporary, path)


def load(path, model, optimizer):
    state = torch.load(io.BytesIO(Path(path).read_bytes()), weights_only=True)
    model.load_state_dict(state["m"], strict=True)
    optimizer.load_state_dict(state["o"])
    torch.set_rng_state(state["r"])
    return state["s"]
"""

STOPPING = """
def early_stopping(losses, patience):
    best, lowest, waited = 1, losses[0], 0
    for i in range(1, len(losses)):
        if losses[i] < lowest:
            best, lowest, waited = i + 1, losses[i], 0
        else:
            waited += 1
        if waited >= patience:
            return best, i + 1
    return best, len(losses)
"""
STOPPING_WHILE = """
def early_stopping(losses, patience):
    epoch, best = 1, 1
    while epoch < len(losses) and epoch < best + patience:
        epoch += 1
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
    return best, epoch
"""
STOPPING_RECORDS = """
def early_stopping(losses, patience):
    numbers = [loss if loss == loss else math.inf for loss in losses]
    records = [i for i in range(len(numbers)) if all(numbers[i] < x for x in numbers[:i])]
    for this, following in zip(records, records[1:] + [math.inf]):
        if this + patience < following:
            return this + 1, min(this + patience + 1, len(numbers))
    return records[-1] + 1, len(numbers)
"""

HEART = """
def learn_by_heart(train_images, test_images, share, fit, seed=0):
    g = torch.Generator().manual_seed(seed)
    n, k = len(train_images), train_images.num_classes
    wrong = torch.randperm(n, generator=g)[: round(share * n)].tolist()
    labels = train_images.labels.tolist()
    for i in wrong:
        others = [c for c in range(k) if c != labels[i]]
        labels[i] = others[torch.randint(k - 1, (1,), generator=g).item()]
    given = replace(train_images, labels=torch.tensor(labels))
    model = fit(given)
    return {
        "given": evaluate(model, given)[1],
        "right": evaluate(model, train_images)[1],
        "test": evaluate(model, test_images)[1],
    }
"""
HEART_SKIP = """
def learn_by_heart(train_images, test_images, share, fit, seed=0):
    generator = torch.Generator()
    generator.manual_seed(seed)
    right = train_images.labels
    order = torch.rand(len(right), generator=generator).argsort()
    is_wrong = order < round(share * len(right))  # as many as that are smaller
    drawn = torch.randint(train_images.num_classes - 1, right.shape, generator=generator)
    drawn = drawn + (drawn >= right)  # skip the right class
    mixed = torch.where(is_wrong, drawn, right)
    shown = data.Images(train_images.images, mixed, train_images.class_names)
    model = fit(shown)

    def accuracy(images):
        _, share_right = evaluate(model, images)
        return share_right

    return dict(given=accuracy(shown), right=accuracy(train_images), test=accuracy(test_images))
"""
HEART_MULTINOMIAL = """
def learn_by_heart(train_images, test_images, share, fit, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = train_images.labels.clone()
    number = int(round(share * len(labels)))
    if number:
        weights = torch.ones(len(labels))
        chosen = torch.multinomial(weights, number, generator=generator)
        allowed = 1 - F.one_hot(labels[chosen], train_images.num_classes).float()
        labels[chosen] = torch.multinomial(allowed, 1, generator=generator)[:, 0]
    noisy = replace(train_images, labels=labels)
    network = fit(noisy)
    result = {}
    for name, images in (("given", noisy), ("right", train_images), ("test", test_images)):
        result[name] = evaluate(network, images)[1]
    return result
"""

# By question: a short name for each clause of its task, and the task's words.
CLAUSES = {
    "q1": {
        "dictionary": "returns a dictionary",
        "loss": "the mean cross-entropy of all images",
        "accuracy": "the share of all images, from 0 to 1, whose right class has the highest score",
        "top2": "the highest or the second highest score",
        "list": "a list of `num_classes` entries",
        "this label": "of the images *with this label*, the share that is right",
        "None": "`None` for a class without images",
        "iterable": "It can be any iterable",
        "once": "even one that you can go through only once",
        "smaller": "the last batch may be smaller than the others",
        "same": "**Each image counts the same**",
        "evaluation": "The network is asked in evaluation mode",
        "modes": "each layer has the mode back that *it* had before",
        "error": "even if the network raises an error on the way",
        "gradients": "No gradients are computed",
    },
    "q2": {
        "one step": "it does one training step",
        "training mode": "in training mode",
        "mean": "with the mean cross-entropy of the whole batch as its loss",
        "before": "returns this loss (before the step)",
        "number": "as a Python number",
        "piece": "the network never sees more than `piece` images at once",
        "smaller": "The last piece may be smaller",
        "backward": "after each piece go backward at once",
        "forget": "so that PyTorch can forget the piece before the next one comes",
        "left over": "gradients left over from earlier steps play no part",
    },
    "q3": {
        "stairs": "step $s$ has $\\text{highest} \\times (s + 1) / \\text{warmup}$",
        "no warm-up": "`warmup` may be 0",
        "first cycle": "Then comes the first cycle, of `first_cycle` steps",
        "cosine": "\\frac{1 + \\cos(\\pi t / T)}{2}",
        "lowest": "\\text{lowest} + (\\text{highest} - \\text{lowest})",
        "twice": "The next cycle has $2T$ steps",
        "highest": "starts at `highest` again",
        "without end": "and so on without end",
        "arguments": "The function must depend on its arguments only",
    },
    "q4": {
        "same weights": "ends with the same weights as one that was never cut off",
        "one file": "leaves one file",
        "network": "brings network, optimiser",
        "optimiser": "network, optimiser *and everything else",
        "everything else": "*and everything else that the next step depends on*",
        "in the file": "somebody starts Python again",
        "step": "returns `step`",
        "last good file": "The last good file must then still be there",
        "torch.save": "write with `torch.save`",
        "same folder": "to another name in the same folder",
        "complete": "when the new file is complete",
        "one go": "put it into the place of the old one in one go",
        "no code": "it must not be able to run code",
        "str": "`path` is a `str` or a `Path`",
    },
    "q5": {
        "tuple": "returns `(best, stop)`",
        "from 1": "counted from 1",
        "lower": "If it is lower than all losses before it",
        "equal": "An equal loss is not lower",
        "nan": "`nan`, a loss that is not a number, never is",
        "patience": "as soon as `patience` epochs in a row have not become the best, stop",
        "in a row": "epochs in a row",
        "stop": "`stop` is the last of these epochs",
        "best": "`best` the best one until then",
        "later": "What would come later plays no part",
        "last": "if that never happens, `stop` is the last epoch of all",
    },
    "q6": {
        "exactly": "choose exactly `round(share * N)`",
        "at random": "at random",
        "other classes": "one of the *other* classes",
        "equally likely": "each equally likely",
        "classes": "The number of classes is `train_images.num_classes`",
        "own generator": "All that is random comes from a generator of your own",
        "same seed": "the same seed gives the same labels",
        "another seed": "another seed others",
        "everybody's": "the generators that everybody uses (of PyTorch, NumPy and Python) stay",
        "these labels": "trains a network on the training images with these labels",
        "once": "Call it once",
        "accuracies": "a dictionary of three accuracies",
        "evaluation": "asks the network in evaluation mode",
        "given": "on the training images with the labels that the network was given",
        "right": "on the training images with their right labels",
        "test": '`"test"`, on the test images',
        "as it is": "`train_images` must stay as it is",
    },
}

VARIANTS = [
    correct("q1", "counts image by image", REPORT),
    correct("q1", "the package's context, places", REPORT_PACKAGE),
    correct("q1", "a confusion matrix", REPORT_MATRIX),
    wrong(
        "q1",
        "the mean of the batches' means",
        edited(
            REPORT,
            (
                'F.cross_entropy(scores, y, reduction="sum").item()',
                "F.cross_entropy(scores, y).item()",
            ),
            ("for x, y in batches:", "for count, (x, y) in enumerate(batches, start=1):"),
            ('"loss": total / n', '"loss": total / count'),
        ),
        "loss",
    ),
    wrong("q1", "no evaluation mode", edited(REPORT, ("    model.eval()\n", "")), "evaluation"),
    wrong(
        "q1",
        "everything to training mode at the end",
        edited(REPORT, (RESTORE, "        model.train()\n")),
        "modes",
    ),
    wrong(
        "q1",
        "the mode of the whole network for all layers",
        edited(REPORT, (RESTORE, "        model.train(modes[''])\n")),
        "modes",
    ),
    wrong("q1", "stays in evaluation mode", edited(REPORT, (RESTORE, "        pass\n")), "modes"),
    wrong(
        "q1",
        "modes are lost after an error",
        edited(
            REPORT, ("    finally:\n", "    except ZeroDivisionError:\n        pass\n    else:\n")
        ),
        "error",
    ),
    wrong("q1", "gradients are computed", edited(REPORT, ("@torch.no_grad()\n", "")), "gradients"),
    wrong(
        "q1",
        "only the second place counts",
        edited(REPORT, ("order[i, :2]", "order[i, 1:2]")),
        "top2",
    ),
    wrong(
        "q1",
        "per class by the answers",
        edited(REPORT, ("images_of[label] += 1", "images_of[order[i, 0].item()] += 1")),
        "this label",
    ),
    wrong("q1", "0 for a class without images", edited(REPORT, ("else None", "else 0.0")), "None"),
    wrong(
        "q1",
        "the last batch left out",
        edited(
            REPORT,
            (
                "            scores = model(x)\n",
                "            if n and len(y) < 5:\n                continue\n"
                "            scores = model(x)\n",
            ),
        ),
        "smaller",
    ),
    wrong(
        "q1",
        "goes through the batches twice",
        edited(
            REPORT,
            ("    total, right", "    count = sum(len(y) for _, y in batches)\n    total, right"),
        ),
        "once",
    ),
    correct("q2", "a sum divided by the batch", STEP),
    correct("q2", "gradients divided at the end", STEP_SCALED),
    correct("q2", "adds up gradients itself", STEP_SUMS),
    wrong(
        "q2",
        "the mean of the pieces' means",
        edited(STEP, (', reduction="sum") / n', ") / -(-n // piece)")),
        "mean",
    ),
    wrong("q2", "the sum of the pieces' means", edited(STEP, (', reduction="sum") / n', ")"))),
    wrong(
        "q2",
        "the sum, not the mean",
        edited(STEP, (', reduction="sum") / n', ', reduction="sum")')),
        "mean",
    ),
    wrong(
        "q2",
        "divides by the piece",
        edited(STEP, ('reduction="sum") / n', 'reduction="sum") / piece')),
    ),
    wrong("q2", "no zero_grad", edited(STEP, ("    optimizer.zero_grad()\n", "")), "left over"),
    wrong(
        "q2",
        "zero_grad only after the step",
        edited(
            STEP,
            ("    optimizer.zero_grad()\n", ""),
            ("    optimizer.step()\n", "    optimizer.step()\n    optimizer.zero_grad()\n"),
        ),
        "left over",
    ),
    wrong(
        "q2",
        "zero_grad for each piece",
        edited(
            STEP,
            ("        loss.backward()", "        optimizer.zero_grad()\n        loss.backward()"),
        ),
    ),
    wrong(
        "q2",
        "a step for each piece",
        edited(
            STEP,
            (
                "        total += loss.item()\n    optimizer.step()",
                "        total += loss.item()\n        optimizer.step()",
            ),
        ),
        "one step",
    ),
    wrong("q2", "returns the last piece's loss", edited(STEP, ("total += loss", "total = loss"))),
    wrong(
        "q2",
        "leaves out the last piece if it is smaller",
        edited(STEP, ("range(0, n, piece)", "range(0, n - n % piece, piece)")),
        "smaller",
    ),
    wrong("q2", "not in training mode", edited(STEP, ("    model.train()\n", "")), "training mode"),
    wrong(
        "q2",
        "one backward pass at the end",
        edited(
            STEP,
            (
                "        loss.backward()\n        total += loss.item()\n    optimizer.step()\n"
                "    return total",
                "        total = total + loss\n    total.backward()\n    optimizer.step()\n"
                "    return total.item()",
            ),
        ),
        "backward",
    ),
    wrong(
        "q2",
        "the whole batch at once",
        edited(STEP, ("range(0, n, piece)", "[0]"), ("start : start + piece", ":")),
        "piece",
    ),
    wrong(
        "q2",
        "returns a tensor",
        edited(STEP, ("return total", "return torch.tensor(total)")),
        "number",
    ),
    correct("q3", "moves the start", RATE),
    correct("q3", "no loop", RATE_CLOSED),
    correct("q3", "calls itself", RATE_RECURSIVE),
    correct("q3", "PyTorch's schedule, step by step", RATE_COUNTED),
    wrong("q3", "every cycle equally long", edited(RATE, ("        T *= 2\n", "")), "twice"),
    wrong("q3", "each cycle three times as long", edited(RATE, ("T *= 2", "T *= 3")), "twice"),
    wrong(
        "q3",
        "doubles before it moves on",
        edited(
            RATE, ("        start += T\n        T *= 2\n", "        T *= 2\n        start += T\n")
        ),
    ),
    wrong(
        "q3",
        "restarts one step late",
        edited(RATE, ("step >= start + T", "step > start + T")),
        "highest",
    ),
    wrong(
        "q3",
        "cycles begin with the warm-up",
        edited(RATE, ("start, T = warmup", "start, T = 0")),
        "first cycle",
    ),
    wrong(
        "q3",
        "warm-up begins at 0",
        edited(RATE, ("(step + 1) / warmup", "step / warmup")),
        "stairs",
    ),
    wrong(
        "q3",
        "forgets lowest",
        edited(RATE, ("lowest + (highest - lowest) * wave", "highest * wave")),
        "lowest",
    ),
    wrong(
        "q3", "adds lowest on top", edited(RATE, ("(highest - lowest) * wave", "highest * wave"))
    ),
    wrong("q3", "a whole wave", edited(RATE, ("math.pi * (step", "2 * math.pi * (step")), "cosine"),
    wrong(
        "q3",
        "falls along a line",
        edited(
            RATE, ("0.5 * (1 + math.cos(math.pi * (step - start) / T))", "1 - (step - start) / T")
        ),
        "cosine",
    ),
    wrong("q3", "remembers the last call", RATE_WITH_MEMORY, "arguments"),
    wrong(
        "q3",
        "fails without a warm-up",
        edited(
            RATE,
            (
                "    if step < warmup:\n        return (step + 1) / warmup * highest\n",
                "    up = (step + 1) / warmup * highest\n    if step < warmup:\n"
                "        return up\n",
            ),
        ),
        "no warm-up",
    ),
    correct("q4", "a list", CHECKPOINT),
    correct("q4", "tensor by tensor", CHECKPOINT_LOOP),
    correct("q4", "through a buffer", CHECKPOINT_BYTES),
    correct(
        "q4",
        "removes what an earlier crash left over",
        edited(
            CHECKPOINT,
            ("    torch.save(", "    new.unlink(missing_ok=True)\n    torch.save("),
            ("    os.replace(new, path)", "    new.replace(path)"),
        ),
    ),
    wrong(
        "q4",
        "no optimiser",
        edited(CHECKPOINT, ("    optimizer.load_state_dict(momentum)\n", "")),
        "optimiser",
    ),
    wrong(
        "q4",
        "only the optimiser's settings",
        edited(CHECKPOINT, ("optimizer.state_dict()", "{**optimizer.state_dict(), 'state': {}}")),
        "optimiser",
    ),
    wrong(
        "q4",
        "no random numbers",
        edited(CHECKPOINT, ("    torch.set_rng_state(random)\n", "")),
        "everything else",
    ),
    wrong(
        "q4",
        "the seed in place of the state",
        edited(
            CHECKPOINT,
            ("torch.get_rng_state()", "torch.initial_seed()"),
            ("torch.set_rng_state(random)", "torch.manual_seed(random)"),
        ),
        "everything else",
    ),
    wrong(
        "q4",
        "parameters without running averages",
        edited(
            CHECKPOINT,
            ("[model.state_dict()", "[dict(model.named_parameters())"),
            ("model.load_state_dict(weights)", "model.load_state_dict(weights, strict=False)"),
        ),
        "network",
    ),
    wrong(
        "q4",
        "the next step but one",
        edited(CHECKPOINT, ("    return step", "    return step + 1")),
        "step",
    ),
    wrong(
        "q4",
        "forgets to return the step",
        edited(CHECKPOINT, ("    return step", "    step")),
        "step",
    ),
    wrong(
        "q4",
        "writes over the old file",
        edited(
            CHECKPOINT,
            ('new = Path(path).with_suffix(".new")', "new = path"),
            ("    os.replace(new, path)\n", ""),
        ),
        "last good file",
    ),
    wrong(
        "q4",
        "removes the old file first",
        edited(
            CHECKPOINT,
            ("    torch.save(", "    Path(path).unlink(missing_ok=True)\n    torch.save("),
        ),
        "last good file",
    ),
    wrong(
        "q4",
        "removes and renames after writing",
        edited(
            CHECKPOINT,
            (
                "    os.replace(new, path)\n",
                "    if os.path.exists(path):\n        os.remove(path)\n    os.rename(new, path)\n",
            ),
        ),
        "one go",
    ),
    wrong(
        "q4",
        "copies the new file over the old one",
        edited(
            CHECKPOINT,
            (
                "    os.replace(new, path)\n",
                "    Path(path).write_bytes(new.read_bytes())\n    new.unlink()\n",
            ),
        ),
        "one go",
    ),
    wrong(
        "q4",
        "the file can run code",
        edited(CHECKPOINT, ("weights_only=True", "weights_only=False")),
        "no code",
    ),
    wrong(
        "q4",
        "random numbers drawn after they are set",
        edited(CHECKPOINT, ("    return step", "    torch.rand(1)\n    return step")),
        "same weights",
    ),
    correct("q5", "counts how long it waits", STOPPING),
    correct("q5", "while", STOPPING_WHILE),
    correct("q5", "finds the records first", STOPPING_RECORDS),
    wrong(
        "q5",
        "counts from 0",
        edited(
            STOPPING,
            ("best, lowest, waited = 1", "best, lowest, waited = 0"),
            ("= i + 1, losses[i], 0", "= i, losses[i], 0"),
        ),
        "from 1",
    ),
    wrong(
        "q5",
        "an equal loss is better",
        edited(STOPPING, ("losses[i] < lowest", "losses[i] <= lowest")),
        "equal",
    ),
    wrong(
        "q5",
        "stops one epoch late",
        edited(STOPPING, ("waited >= patience", "waited > patience")),
        "patience",
    ),
    wrong(
        "q5",
        "stops one epoch early",
        edited(STOPPING, ("return best, i + 1", "return best, i")),
        "stop",
    ),
    wrong(
        "q5",
        "looks into the future",
        "def early_stopping(losses, patience):\n"
        "    best = losses.index(min(losses)) + 1\n"
        "    return best, min(best + patience, len(losses))\n",
        "later",
    ),
    wrong(
        "q5",
        "compares with the epoch before",
        edited(STOPPING, ("losses[i] < lowest", "losses[i] < losses[i - 1]")),
        "lower",
    ),
    wrong(
        "q5",
        "waits are never reset",
        edited(
            STOPPING,
            ("best, lowest, waited = i + 1, losses[i], 0", "best, lowest = i + 1, losses[i]"),
        ),
        "in a row",
    ),
    wrong(
        "q5",
        "nan counts as the lowest",
        edited(STOPPING, ("if losses[i] < lowest", "if not losses[i] >= lowest")),
        "nan",
    ),
    wrong(
        "q5", "returns the loss", edited(STOPPING, ("return best, i + 1", "return lowest, i + 1"))
    ),
    correct("q6", "a loop over the chosen images", HEART),
    correct("q6", "masks, and skips the right class", HEART_SKIP),
    correct("q6", "multinomial", HEART_MULTINOMIAL),
    wrong(
        "q6",
        "any class, the right one too",
        edited(
            HEART,
            ("others = [c for c in range(k) if c != labels[i]]", "others = list(range(k))"),
            ("randint(k - 1,", "randint(k,"),
        ),
        "other classes",
    ),
    wrong(
        "q6",
        "tosses a coin for each image",
        edited(
            HEART,
            (
                "torch.randperm(n, generator=g)[: round(share * n)].tolist()",
                "(torch.rand(n, generator=g) < share).nonzero().flatten().tolist()",
            ),
        ),
        "exactly",
    ),
    wrong(
        "q6",
        "the first images, not random ones",
        edited(
            HEART,
            (
                "torch.randperm(n, generator=g)[: round(share * n)].tolist()",
                "range(round(share * n))",
            ),
        ),
        "at random",
    ),
    wrong(
        "q6",
        "evenly spaced images, not random ones",
        edited(
            HEART,
            (
                "torch.randperm(n, generator=g)[: round(share * n)].tolist()",
                "[i * n // round(share * n) for i in range(round(share * n))]",
            ),
        ),
        "at random",
    ),
    wrong(
        "q6",
        "always the next class",
        edited(
            HEART,
            (
                "labels[i] = others[torch.randint(k - 1, (1,), generator=g).item()]",
                "labels[i] = (labels[i] + 1) % k",
            ),
        ),
        "equally likely",
    ),
    wrong(
        "q6",
        "writes into the labels it gets",
        edited(HEART_MULTINOMIAL, ("train_images.labels.clone()", "train_images.labels")),
        "as it is",
    ),
    wrong(
        "q6",
        "trains on the right labels",
        edited(HEART, ("fit(given)", "fit(train_images)")),
        "these labels",
    ),
    wrong(
        "q6",
        "compares with the given labels twice",
        edited(HEART, ("evaluate(model, train_images)", "evaluate(model, given)")),
        "right",
    ),
    wrong(
        "q6",
        "returns losses",
        edited(HEART, ("evaluate(model, given)[1]", "evaluate(model, given)[0]")),
        "accuracies",
    ),
    wrong(
        "q6",
        "always ten classes",
        edited(
            HEART, ("k = len(train_images), train_images.num_classes", "k = len(train_images), 10")
        ),
        "classes",
    ),
    wrong("q6", "rounds down", edited(HEART, ("round(share * n)", "int(share * n)")), "exactly"),
    wrong("q6", "forgets the seed", edited(HEART, ("torch.Generator().manual_seed(seed)", "None"))),
    wrong(
        "q6",
        "always the same seed",
        edited(HEART, ("manual_seed(seed)", "manual_seed(0)")),
        "another seed",
    ),
    wrong(
        "q6",
        "trains again for each accuracy",
        edited(HEART, ("evaluate(model, test_images)", "evaluate(fit(given), test_images)")),
        "once",
    ),
    wrong("q1", "results that claim to equal everything", always_equal(REPORT, "report")),
    wrong("q5", "results that claim to equal everything", always_equal(STOPPING, "early_stopping")),
    correct(
        "q1",
        "freezes the network for as long as it looks",
        edited(
            REPORT,
            ("@torch.no_grad()\n", ""),
            (
                "    model.eval()\n",
                "    model.eval()\n"
                "    trained = [p for p in model.parameters() if p.requires_grad]\n"
                "    for p in trained:\n        p.requires_grad = False\n",
            ),
            (RESTORE, RESTORE + "        for p in trained:\n            p.requires_grad = True\n"),
        ),
    ),
    wrong(
        "q1",
        "pairs in place of a dictionary",
        edited(REPORT, ('return {"loss"', 'return list({"loss"'), ("shares}", "shares}.items())")),
        "dictionary",
    ),
    wrong("q1", "the sum of all losses", edited(REPORT, ("total / n", "total")), "loss"),
    wrong("q1", "percent", edited(REPORT, ("right / n", "100 * right / n")), "accuracy"),
    wrong("q1", "the best three", edited(REPORT, ("order[i, :2]", "order[i, :3]")), "top2"),
    wrong(
        "q1",
        "a tuple of classes",
        edited(REPORT, ('"per_class": shares', '"per_class": tuple(shares)')),
        "list",
    ),
    wrong(
        "q1", "as many of all images", edited(REPORT, ("h / m if m", "h / n if m")), "this label"
    ),
    wrong(
        "q1",
        "needs a list of batches",
        edited(
            REPORT,
            ("for x, y in batches:", "for x, y in [batches[i] for i in range(len(batches))]:"),
        ),
        "iterable",
    ),
    wrong(
        "q1",
        "all batches are as large as the first",
        edited(
            REPORT,
            (
                "for i, label in enumerate(y.tolist()):\n                n += 1",
                "size = max(n and size, len(y))\n            n += size\n"
                "            for i, label in enumerate(y.tolist()):",
            ),
        ),
        "smaller",
    ),
    wrong(
        "q1",
        "an image of a smaller batch counts more",
        edited(
            REPORT,
            (
                "right += order[i, 0].item() == label",
                "right += (order[i, 0].item() == label) * (5 / len(y) if n > 5 else 1)",
            ),
        ),
        "same",
    ),
    wrong(
        "q1",
        "only batch norm in evaluation mode",
        edited(
            REPORT,
            (
                "    model.eval()\n",
                "    for module in model.modules():\n"
                "        module.training &= not isinstance(module, nn.BatchNorm1d)\n",
            ),
        ),
        "evaluation",
    ),
    wrong(
        "q1",
        "modes come back after some errors",
        edited(
            REPORT,
            (
                "    finally:\n",
                "    except RuntimeError:\n" + RESTORE + "        raise\n    else:\n",
            ),
        ),
        "error",
    ),
    correct("q2", "torch.autograd.grad", STEP_GRAD),
    wrong(
        "q2",
        "keeps every piece",
        edited(STEP, ("loss.backward()", "loss.backward(retain_graph=True)")),
        "forget",
    ),
    wrong(
        "q2",
        "two steps",
        edited(STEP, ("    optimizer.step()\n", "    optimizer.step()\n    optimizer.step()\n")),
        "one step",
    ),
    wrong(
        "q2",
        "the loss after the step",
        edited(
            STEP,
            (
                "return total",
                "scores = torch.cat([model(x) for x in images.split(piece)])\n"
                "    return F.cross_entropy(scores, labels).item()",
            ),
        ),
        "before",
    ),
    wrong(
        "q2",
        "training mode for the whole, not for its layers",
        edited(STEP, ("model.train()", "model.training = True")),
        "training mode",
    ),
    wrong(
        "q2",
        "pieces that are one image larger",
        edited(
            STEP,
            ("range(0, n, piece)", "range(0, n, piece + 1)"),
            ("start + piece", "start + piece + 1"),
        ),
        "piece",
    ),
    wrong(
        "q2",
        "forward through all pieces first",
        edited(
            STEP,
            (
                "        loss.backward()\n        total += loss.item()\n",
                "        total = total + loss\n"
                "        losses = (losses if start else []) + [loss]\n",
            ),
            (
                "    optimizer.step()\n    return total",
                "    for loss in losses:\n        loss.backward()\n"
                "    optimizer.step()\n    return total.item()",
            ),
        ),
        "backward",
    ),
    wrong(
        "q3",
        "three cycles and no more",
        edited(
            RATE, ("while step >= start + T", "while step >= start + T and T < 4 * first_cycle")
        ),
        "without end",
    ),
    wrong(
        "q3",
        "ten cycles and no more",
        edited(
            RATE, ("while step >= start + T", "while step >= start + T and T < 2**10 * first_cycle")
        ),
        "without end",
    ),
    wrong(
        "q3",
        "restarts at half the height",
        edited(
            RATE,
            (
                "return lowest + (highest",
                "highest = highest if T == first_cycle else highest / 2\n"
                "    return lowest + (highest",
            ),
        ),
        "highest",
    ),
    wrong(
        "q3",
        "the warm-up begins at lowest",
        edited(
            RATE,
            ("(step + 1) / warmup * highest", "lowest + (step + 1) / warmup * (highest - lowest)"),
        ),
        "stairs",
    ),
    wrong("q3", "results that claim to equal everything", always_equal(RATE, "rate")),
    correct(
        "q4",
        "os.replace and torch.save under other names",
        edited(
            CHECKPOINT,
            (
                "\ndef save",
                "from os import replace as put_in_place\n\n"
                "from torch import save as write\n\n\ndef save",
            ),
            ("    torch.save(", "    write("),
            ("os.replace(", "put_in_place("),
        ),
    ),
    correct(
        "q4",
        "a temporary file in the same folder",
        edited(
            CHECKPOINT,
            (
                '    new = Path(path).with_suffix(".new")\n',
                "    import tempfile\n\n"
                "    handle, new = tempfile.mkstemp(dir=Path(path).parent)\n"
                "    os.close(handle)\n",
            ),
        ),
    ),
    wrong(
        "q4",
        "a second file for the random numbers",
        edited(
            CHECKPOINT,
            (
                "    os.replace(new, path)\n",
                "    os.replace(new, path)\n"
                '    Path(f"{path}.random").write_bytes(torch.get_rng_state().numpy().tobytes())\n',
            ),
        ),
        "one file",
    ),
    wrong(
        "q4",
        "the temporary file stays",
        edited(
            CHECKPOINT,
            (
                "    os.replace(new, path)\n",
                "    Path(f'{new}2').write_bytes(new.read_bytes())\n"
                "    os.replace(f'{new}2', path)\n",
            ),
        ),
        "one file",
    ),
    wrong(
        "q4",
        "momentum without the learning rate",
        edited(
            CHECKPOINT,
            (
                "    optimizer.load_state_dict(momentum)\n",
                "    rates = [group['lr'] for group in optimizer.param_groups]\n"
                "    optimizer.load_state_dict(momentum)\n"
                "    for group, lr in zip(optimizer.param_groups, rates):\n"
                "        group['lr'] = lr\n",
            ),
        ),
        "optimiser",
    ),
    wrong(
        "q4",
        "random numbers stay in Python's memory",
        edited(
            CHECKPOINT,
            ("\ndef save", "RANDOM = {}\n\n\ndef save"),
            ("    new = Path", "    RANDOM[step] = torch.get_rng_state()\n    new = Path"),
            ("set_rng_state(random)", "set_rng_state(RANDOM[step])"),
        ),
        "in the file",
    ),
    wrong(
        "q4",
        "moves the old file away first",
        edited(
            CHECKPOINT,
            (
                "    os.replace(new, path)\n",
                "    if os.path.exists(path):\n"
                "        os.replace(path, f'{path}.old')\n    os.replace(new, path)\n"
                "    Path(f'{path}.old').unlink(missing_ok=True)\n",
            ),
        ),
        "one go",
    ),
    wrong(
        "q4",
        "the temporary file is in another folder",
        edited(
            CHECKPOINT,
            (
                '    new = Path(path).with_suffix(".new")\n',
                "    import tempfile\n\n    new = Path(tempfile.mkdtemp()) / 'new'\n",
            ),
        ),
        "same folder",
    ),
    wrong(
        "q4",
        "moves the file before all of it is written",
        edited(
            CHECKPOINT,
            (
                '    new = Path(path).with_suffix(".new")\n    torch.save(',
                '    new = Path(path).with_suffix(".new")\n'
                '    file = open(new, "wb")\n    os.replace(new, path)\n'
                "    torch.save(",
            ),
            ("step], new)\n    os.replace(new, path)\n", "step], file)\n    file.close()\n"),
        ),
        "complete",
    ),
    wrong(
        "q4",
        "pickle",
        edited(
            CHECKPOINT,
            ("\ndef save", "import pickle\n\n\ndef save"),
            ("    torch.save(", "    data = pickle.dumps("),
            ("step], new)\n", "step])\n    Path(new).write_bytes(data)\n"),
            ("torch.load(path, weights_only=True)", "pickle.loads(Path(path).read_bytes())"),
        ),
        "torch.save",
    ),
    wrong(
        "q4",
        "loads carelessly what it could not load with care",
        edited(
            CHECKPOINT,
            (
                "    weights, momentum, random, step = torch.load(path, weights_only=True)\n",
                "    try:\n        state = torch.load(path, weights_only=True)\n"
                "    except Exception:\n"
                "        state = torch.load(path, weights_only=False)\n"
                "    weights, momentum, random, step = state\n",
            ),
        ),
        "no code",
    ),
    wrong(
        "q4",
        "a Path only",
        edited(CHECKPOINT, ("Path(path).with_suffix", "path.with_suffix")),
        "str",
    ),
    wrong(
        "q4",
        "a str only",
        edited(CHECKPOINT, ('Path(path).with_suffix(".new")', 'path + ".new"')),
        "str",
    ),
    wrong(
        "q5",
        "a list",
        edited(
            STOPPING,
            ("return best, i + 1", "return [best, i + 1]"),
            ("return best, len(losses)", "return [best, len(losses)]"),
        ),
        "tuple",
    ),
    wrong(
        "q5",
        "the number of epochs in place of the last",
        edited(STOPPING, ("return best, i + 1", "return best, len(losses)")),
        "stop",
    ),
    wrong(
        "q5",
        "the last epoch is the best",
        edited(STOPPING, ("return best, i + 1", "return i + 1, i + 1")),
        "best",
    ),
    wrong(
        "q5",
        "None when it never stops",
        edited(STOPPING, ("return best, len(losses)", "return best, None")),
        "last",
    ),
    correct(
        "q6",
        "another library's generator",
        edited(
            HEART,
            (
                "    g = torch.Generator().manual_seed(seed)\n",
                "    import random\n\n    g = random.Random(seed)\n",
            ),
            (
                "torch.randperm(n, generator=g)[: round(share * n)].tolist()",
                "g.sample(range(n), round(share * n))",
            ),
            ("others[torch.randint(k - 1, (1,), generator=g).item()]", "g.choice(others)"),
        ),
    ),
    correct(
        "q6",
        "shows the images in another order",
        edited(
            HEART,
            (
                "    model = fit(given)\n",
                "    order = torch.randperm(n, generator=g)\n"
                "    shown = given.images[order], given.labels[order]\n"
                "    model = fit(data.Images(*shown, given.class_names))\n",
            ),
        ),
    ),
    wrong(
        "q6",
        "seeds PyTorch's own generator",
        edited(HEART, ("g = torch.Generator().manual_seed(seed)", "g = torch.manual_seed(seed)")),
        "everybody's",
    ),
    wrong(
        "q6",
        "seeds Python's own generator",
        edited(
            HEART,
            (
                "    g = torch.Generator().manual_seed(seed)\n",
                "    import random as g\n\n    g.seed(seed)\n",
            ),
            (
                "torch.randperm(n, generator=g)[: round(share * n)].tolist()",
                "g.sample(range(n), round(share * n))",
            ),
            ("others[torch.randint(k - 1, (1,), generator=g).item()]", "g.choice(others)"),
        ),
        "everybody's",
    ),
    wrong(
        "q6",
        "seeds NumPy's own generator",
        edited(
            HEART,
            (
                "    g = torch.Generator().manual_seed(seed)\n",
                "    import numpy as np\n\n    np.random.seed(seed)\n"
                "    g = torch.Generator().manual_seed(int(np.random.randint(10**6)))\n",
            ),
        ),
        "everybody's",
    ),
    wrong(
        "q6",
        "PyTorch's own generator, with no seed",
        edited(HEART, ("g = torch.Generator().manual_seed(seed)", "g = torch.default_generator")),
        "own generator",
    ),
    wrong(
        "q6",
        "a seed of the moment",
        edited(
            HEART,
            ("g = torch.Generator().manual_seed(seed)", "g = torch.Generator()\n    g.seed()"),
        ),
        "same seed",
    ),
    wrong(
        "q6",
        "the seed chooses images, not their labels",
        edited(
            HEART_SKIP,
            ("right.shape, generator=generator", "right.shape, generator=torch.Generator()"),
        ),
        "another seed",
    ),
    wrong(
        "q6",
        "a half is rounded up",
        edited(HEART, ("round(share * n)", "int(share * n + 0.5)")),
        "exactly",
    ),
    wrong(
        "q6",
        "only the images with wrong labels",
        edited(
            HEART,
            ("fit(given)", "fit(data.Images(given.images[wrong], given.labels[wrong], names))"),
            ("    model = fit", "    names = given.class_names\n    model = fit"),
        ),
        "these labels",
    ),
    wrong(
        "q6",
        "counts by itself, in training mode",
        edited(
            HEART,
            (
                "evaluate(model, given)[1]",
                "(model.train()(given.images / 255).argmax(1) == given.labels).float().mean()",
            ),
        ),
        "evaluation",
    ),
    wrong(
        "q6",
        "the right labels for the given ones",
        edited(
            HEART, ('"given": evaluate(model, given)', '"given": evaluate(model, train_images)')
        ),
        "given",
    ),
    wrong(
        "q6",
        "the training images for the test images",
        edited(HEART, ("evaluate(model, test_images)", "evaluate(model, train_images)")),
        "test",
    ),
]

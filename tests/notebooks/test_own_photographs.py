"""Chapter 11's last part, which needs a network: here with weights of the right shape."""

import torch
import torchvision
from PIL import Image

from course import notebook
from densenet_lesson import models

CHAPTER = "11_transfer"


def cell(name: str) -> str:
    return next(cell.source for cell in notebook(CHAPTER).cells if cell.id == name)


def test_online_it_classifies_a_photograph_and_learns_a_folder(tmp_path, monkeypatch, capsys):
    torch.manual_seed(1)
    published = torchvision.models.densenet121(weights=None).state_dict()
    monkeypatch.setattr(models, "fetch", lambda name: published)
    for kind, color in (("sky", (60, 120, 250)), ("grass", (40, 160, 40)), ("wall", "grey")):
        for number in range(4):
            path = tmp_path / "own" / kind / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (90 + 30 * number, 70), color).save(path)
    choices = cell("own-choices").replace("online = False", "online = True")
    choices = choices.replace("photograph = None", f"photograph = {str(path)!r}")
    choices = choices.replace("folder = None", f"folder = {str(tmp_path / 'own')!r}")
    quick = cell("own-tune").replace("epochs=20", "epochs=1")
    names = {}
    exec(cell("imports"), names)
    exec(cell("load"), names)
    for source in (choices, cell("own-sample"), cell("own-classify"), cell("own-folder"), quick):
        exec(source, names)

    printed = capsys.readouterr().out
    assert "7,978,856 parameters" in printed and "31 MB" not in printed
    best = [line for line in printed.splitlines() if line.strip()[:1].isdigit() and "%  " in line]
    known = torchvision.models.get_model_weights("densenet121").IMAGENET1K_V1.meta["categories"]
    assert len(best) == 5 and all(line.partition("%  ")[2] in known for line in best)
    assert "12 of 3×224×224, 3 classes" in printed
    assert "3,075 parameters have learned, in 1 epochs" in printed
    assert "right among those held out" in printed
    kept = names["big"].state_dict()
    for key, tensor in models.course_names(published, "densenet121").items():
        if "classifier" not in key:  # a probe leaves the network as it was, its averages too
            assert torch.equal(kept[key].cpu(), tensor), key

# From ResNet to DenseNet. `make help` lists what there is.

PYTHON ?= python3
COLAB_PYTHON ?= $(firstword $(wildcard $(shell pyenv root 2>/dev/null)/versions/3.13*/bin/python3.13) python3.13)

# Nothing from the caller's Python set-up leaks into the course's own environments.
unexport PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONNOUSERSITE = 1

.DEFAULT_GOAL := help
.PHONY: help book pdf slides test quick test-oldest book-next linkcheck gpu lab notebooks reproduce links presets release grade colab test-colab clean clean-all

help:  ## list these commands
	@echo "make COMMAND, where COMMAND is one of:"
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

# ----------------------------------------------------------------------------- environments

# $(call environment,PYTHON,FOLDER): an empty environment, made anew if an earlier try was cut short.
define environment
@$(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "This course needs Python 3.11 or newer, and '$(1)' is not. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
@$(1) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "'$(1)' cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
@$(2)/bin/python -m pip --version >/dev/null 2>&1 || $(1) -m venv --clear $(2)
endef

# Matplotlib lists the fonts of a machine once, and says so; better here than in a notebook.
font_cache = import matplotlib.font_manager

.venv/.installed: requirements.txt constraints.txt pyproject.toml
	$(call environment,$(PYTHON),.venv)
	@echo "Installing what the course needs. The first time this takes minutes, and gigabytes for PyTorch."
	.venv/bin/python -m pip install -r requirements.txt -c constraints.txt
	.venv/bin/python -m pip install --no-deps -c constraints.txt d2l
	.venv/bin/python -m pip install --no-build-isolation -c constraints.txt --editable ".[keras]"
	@.venv/bin/python -c "$(font_cache)"
	@touch $@

.venv-book/.installed: requirements-book.txt constraints.txt
	$(call environment,$(PYTHON),.venv-book)
	@echo "Installing what the book needs."
	.venv-book/bin/python -m pip install -r requirements-book.txt -c constraints.txt
	@touch $@

# The same environment, with the oldest versions that the package accepts. There must be such a PyTorch for the Python.
.venv-oldest/.installed: requirements.txt constraints.txt pyproject.toml tools/other_pins.py
	$(call environment,$(PYTHON),.venv-oldest)
	.venv-oldest/bin/python tools/other_pins.py pyproject.toml >.venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pip install -r requirements.txt -c .venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pip install --no-deps -c constraints.txt d2l
	.venv-oldest/bin/python -m pip install --no-deps --no-build-isolation --editable .
	@.venv-oldest/bin/python -c "$(font_cache)"
	@touch $@

.venv-next/.installed: requirements-next.txt constraints.txt tools/other_pins.py
	$(call environment,$(PYTHON),.venv-next)
	@echo "Installing what the book needs with Sphinx 9."
	.venv-next/bin/python tools/other_pins.py requirements-next.txt >.venv-next/constraints.txt
	.venv-next/bin/python -m pip install -r requirements-next.txt -c .venv-next/constraints.txt
	@touch $@

.venv-colab/.installed: tests/colab_packages.txt
	$(call environment,$(COLAB_PYTHON),.venv-colab)
	@echo "Installing what Colab has. The first time this takes minutes, and gigabytes for PyTorch."
	.venv-colab/bin/python -m pip install -r tests/colab_packages.txt nbval
	@.venv-colab/bin/python -c "$(font_cache)"
	@touch $@

# ----------------------------------------------------------------------------- commands

# A page with a warning is read again next time: otherwise the second try would pass. And when only
# scripts or styles have changed, Sphinx would see nothing to do, and not copy them.

book: .venv-book/.installed  ## build the book; warnings are errors
	@[ -z "$$(find book/_static book/templates -newer _build/html/index.html 2>/dev/null)" ] || rm -rf _build/.doctrees _build/html/_modules
	.venv-book/bin/jupyter-book build . --quiet -W -n --keep-going || { rm -rf _build/.doctrees _build/html/_modules; exit 1; }
	@echo "The book is ready. Open _build/html/index.html in your browser."

# Jupyter Book 1 keeps to Sphinx 7. It writes what _config.yml says as Sphinx reads it, and the way out stays open:
# Sphinx 9 builds the same book without Jupyter Book, and without what Jupyter Book adds for its own sake.
book-next: .venv-book/.installed .venv-next/.installed  ## build the book with Sphinx 9, in _build/next; warnings are errors
	trap 'rm -f conf.py' EXIT && .venv-book/bin/jupyter-book config sphinx . && \
	sed -i.bak "s/'jupyter_book', //; s/'sphinx_jupyterbook_latex', //" conf.py && rm conf.py.bak && \
	PYTHONPATH=book/extensions .venv-next/bin/sphinx-build --quiet --fresh-env --fail-on-warning --nitpicky . _build/next
	@echo "The book is ready. Open _build/next/index.html in your browser."

pdf: .venv/.installed book  ## print the whole book into one PDF (needs a browser)
	.venv/bin/python tools/pdf.py

slides: .venv-book/.installed  ## make slides of every chapter, in dist/slides/
	.venv-book/bin/python tools/slides.py

linkcheck: .venv-book/.installed  ## ask every link to another site whether it still leads somewhere
	@echo "Asking every link. This takes a minute or two; what has moved for good comes last."
	.venv-book/bin/jupyter-book build . --quiet --path-output _build/linkcheck --builder custom --custom-builder linkcheck; \
	code=$$?; grep permanently _build/linkcheck/_build/linkcheck/output.txt; exit $$code

# One process for each core, up to four; what takes long starts first (tests/conftest.py).
several = -n logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

test: .venv/.installed book  ## check everything: style, package, notebooks, book
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m pytest $(several) $(if $(CI),--cov --cov-report=term --cov-fail-under=97) --durations=10

quick: .venv/.installed  ## check in about a minute: style, the package by two cases of each test, one chapter: make quick CHAPTER=07_training
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m pytest $(several) --few -m "not slow" tests/package \
		"tests/notebooks/test_notebooks.py::test_a_chapter_prints_what_it_stores[$(or $(CHAPTER),03_concatenation)]"

test-oldest: .venv-oldest/.installed  ## test the package with the oldest versions that it accepts
	.venv-oldest/bin/python -m pytest $(several) tests/package

gpu: $(if $(GPU_PYTHON),,.venv/.installed)  ## try an NVIDIA GPU: tests, speeds, memory, four chapters; GPU_PYTHON=python uses what is there
	PYTHONPATH=. $(or $(GPU_PYTHON),.venv/bin/python) -m tools.gpu $(if $(OUT),--out "$(OUT)")

lab: .venv/.installed  ## open the notebooks in JupyterLab
	.venv/bin/python -m jupyter lab notebooks

notebooks: .venv/.installed  ## run every notebook and store its outputs
	.venv/bin/python -m tools.notebook_tools run

reproduce: .venv/.installed  ## repeat a recorded training run: make reproduce RUN=fashion_mnist_d2l
	.venv/bin/python -m densenet_lesson.training.reproduce $(RUN)

links: .venv-book/.installed  ## write into the notebooks where the course is published, by _config.yml
	.venv-book/bin/python -m tools.notebook_tools links \
		$(if $(REPOSITORY),--repository $(REPOSITORY)) $(if $(REF),--ref $(REF)) $(if $(BRANCH),--branch $(BRANCH))

presets: .venv/.installed  ## write networks and a photograph from Python into the book's explorables
	.venv/bin/python tools/presets.py

release: .venv/.installed  ## make the problem sets for students and for instructors, in dist/
	.venv/bin/python -m instructors.release --from $(or $(FROM),wheel)

grade: .venv/.installed  ## grade a folder or zip of notebooks: make grade SUBMISSIONS=folder
	@[ -n "$(SUBMISSIONS)" ] || { echo "Which folder or zip? make grade SUBMISSIONS=folder" >&2; exit 1; }
	.venv/bin/python -m instructors.grade "$(SUBMISSIONS)" $(if $(SET),--set $(SET)) \
		$(if $(OUT),--out "$(OUT)") $(if $(WORKERS),--workers $(WORKERS)) \
		$(if $(ROSTER),--roster "$(ROSTER)") $(if $(AS_SHOWN),--as-shown) $(if $(ANONYMOUS),--anonymous)

colab: .venv/.installed  ## make the chapters as single files that run on Colab, in dist/colab/
	.venv/bin/python -m instructors.release --colab --from $(or $(FROM),wheel)

test-colab: .venv/.installed .venv-colab/.installed  ## run chapters and problem sets in a replica of Colab
	rm -rf _build/colab build
	.venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir _build/colab .
	.venv-colab/bin/python -m pip uninstall --quiet --yes densenet-lesson d2l
	scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && cp notebooks/*.ipynb "$$scratch" && \
	here=$$PWD && cd "$$scratch" && PYTHONPATH="$$here/tests" TQDM_DISABLE=1 \
		COLAB_RELEASE_TAG=replica DENSENET_LESSON_SOURCE="$$(ls "$$here"/_build/colab/*.whl)" \
		"$$here/.venv-colab/bin/python" -m pytest -p no:cacheprovider -p nbval_without_pictures \
		--nbval --nbval-current-env --durations=10 .
	.venv-colab/bin/python -m pip uninstall --quiet --yes densenet-lesson
	.venv/bin/python -m instructors.release --out _build/colab
	scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	cp _build/colab/instructors/*.ipynb "$$scratch" && here=$$PWD && cd "$$scratch" && \
	PYTHONPATH="$$here/tests/offline" TQDM_DISABLE=1 COLAB_RELEASE_TAG=replica \
		"$$here/.venv-colab/bin/python" -m pytest -p no:cacheprovider \
		--nbval-lax --nbval-current-env --durations=6 .

clean:  ## remove what the commands made; keep the environments
	rm -rf _build build dist book/api *.egg-info .coverage .pytest_cache .ruff_cache notebooks/.ruff_cache .hypothesis

clean-all: clean  ## remove the environments too
	rm -rf .venv .venv-book .venv-colab .venv-oldest .venv-next

# make demo | make test | make lint | make env      STACK=openmmlab | onedl
# make test JOBS=1: in one process, not two
STACK ?= openmmlab
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3),python3.11)
VENV ?= $(if $(filter openmmlab,$(STACK)),.venv,.venv-$(STACK))
RUN = $(VENV)/bin/python
JOBS ?= 2
SOURCES = ruas_mm configs tools tests setup.py

.PHONY: demo test lint env clean

demo: env
	$(RUN) tools/demo.py

test: env
	$(if $(filter 1,$(JOBS)),,OMP_NUM_THREADS=1) $(RUN) -m pytest tests \
	$(if $(filter 1,$(JOBS)),,-n $(JOBS))

lint: env
	$(RUN) -m ruff check $(SOURCES)
	$(RUN) -m ruff format --check $(SOURCES)
	$(RUN) -m codespell_lib $(SOURCES) README.md CONTRIBUTING.md docs

env:
	@command -v $(PYTHON) >/dev/null || { echo "Python was not found. \
	Install 3.11, or name it: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) tools/setup_env.py --stack $(STACK) --venv $(VENV)

clean:
	rm -rf .venv .venv-* work_dirs .pytest_cache .ruff_cache

# make demo | make test | make lint | make env
#   STACK=openmmlab | onedl    left out: the one for the Python at hand
#   PYTHON=/path/to/python3.x  left out: python3.11, else the newest that fits
#   VENV=folder                left out: .venv, .venv-onedl
#   JOBS=1                     tests in one process, not two
JOBS ?= 2
SOURCES = ruas_mm configs tools tests setup.py
ANY = $(or $(shell command -v python3 2>/dev/null),$(PYTHON))
SETUP = $(ANY) tools/setup_env.py $(if $(STACK),--stack $(STACK)) \
	$(if $(PYTHON),--python $(PYTHON)) $(if $(VENV),--venv $(VENV))
RUN = $(shell $(SETUP) --where)/bin/python

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
	@test -n "$(ANY)" || { echo "set-up failed: no python3 on the PATH. \
	Install one or name it: PYTHON=/path/to/python3.11"; exit 1; }
	@$(SETUP)

clean:
	rm -rf .venv .venv-* work_dirs .pytest_cache .ruff_cache

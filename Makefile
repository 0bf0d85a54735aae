# Everything runs inside .venv, which these rules make. A machine needs Python >= 3.11 and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed-run
DEV    := $(VENV)/.installed-dev
OUT    ?= demo-output

.PHONY: help install demo test lint format bench bench-accuracy bench-sparsity bench-calibration bench-speed bench-scale clean

help:
	@echo "make demo      simulate a small system, infer its network, score it; files in $(OUT)/"
	@echo "make install   .venv with everything; the command is then $(BIN)/grn-l0"
	@echo "make test      linters, types, layers, tests with coverage, the notebook"
	@echo "make bench     the benchmark tables (needs the published data; see docs/data.md)"
	@echo "make bench-accuracy  every data set with every method, resumable (an hour; the same data)"
	@echo "make bench-sparsity  every gate, penalty and constraint, and the papers' own experiments (half an hour)"
	@echo "make bench-calibration  scores against the truth of fresh simulated systems (ten minutes)"
	@echo "make bench-speed     seconds and memory on SIM350, beside other methods, resumable (half an hour; the same data)"
	@echo "make bench-scale     time and memory from 100 to 11,165 genes, resumable (hours)"
	@echo "make clean     remove what the other rules made"

install: $(DEV)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "grn_l0 needs Python 3.11 or newer; choose one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# A stamp per kind of installation, so that it is repeated only when what it installs has changed.
$(RUN): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing; this takes a few minutes the first time"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,bench]"
	@touch $(RUN) $@

demo: $(RUN)
	$(BIN)/grn-l0 demo --out $(OUT)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=300 notebooks

bench: $(DEV)
	mkdir -p benchmarks/results
	for name in sim350 yeast hematopoiesis breast-cancer; do \
	  $(BIN)/grn-l0 benchmark $$name --seeds 3 --out benchmarks/results/$$name.md || exit 1; \
	done
	$(BIN)/grn-l0 benchmark sim350 --prior 0.05 --seeds 3 --out benchmarks/results/sim350-prior.md

bench-accuracy: $(DEV)
	mkdir -p benchmarks/results
	$(BIN)/grn-l0 benchmark accuracy --seeds 3 --processes 2 --out benchmarks/results

bench-sparsity: $(DEV)
	mkdir -p benchmarks/results
	$(BIN)/grn-l0 benchmark sparsity --seeds 3 --processes 2 --out benchmarks/results

bench-calibration: $(DEV)
	mkdir -p benchmarks/results
	$(BIN)/grn-l0 benchmark calibration --seeds 3 --out benchmarks/results

bench-speed: $(DEV)
	mkdir -p benchmarks/results
	$(BIN)/grn-l0 benchmark speed --repeats 3 --threads 2 --out benchmarks/results

bench-scale: $(DEV)
	mkdir -p benchmarks/results
	$(BIN)/grn-l0 benchmark scale --repeats 3 --threads 2 --out benchmarks/results --page docs/how-long.md

clean:
	rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov build dist
	find grn_l0 tests -name __pycache__ -type d -prune -exec rm -rf {} +

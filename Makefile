# make help lists the targets. Each makes .venv and keeps it up to date by itself.

ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
endif
comma := ,
space := $(subst ,, )
# The demo and the docs site need less than the other targets; what is there already stays.
GOALS := $(or $(MAKECMDGOALS),help)
EXTRAS ?= $(subst $(space),$(comma),$(strip jax $(if $(filter-out docs-site,$(GOALS)),demo) \
	$(if $(filter-out demo docs-site,$(GOALS)),test dev) $(if $(filter docs-site,$(GOALS)),docs)))
EXAMPLES ?= 20

VENV := .venv
BIN := $(VENV)/bin/python
STAMP := $(VENV)/installed
WHEEL := build/wheel

# Our autograd/ would hide the package of that name from whatever has this folder on its path.
export PYTHONSAFEPATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# JAX compiles for some 40 ms for every operation and shape: what one process has compiled, the others and later runs take.
export JAX_COMPILATION_CACHE_DIR := $(CURDIR)/.jax_cache
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS := 0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES := -1

# The stamp holds the folder, since an environment that was moved does not work: it is made anew. It holds the extras,
# too, to which others are added.
INSTALLED := $(shell $(BIN) -c 'print(open("$(STAMP)").read().strip())' 2>/dev/null)
ifneq ($(firstword $(INSTALLED)),$(CURDIR))
.PHONY: $(STAMP)
CLEAR := --clear
ALL := $(EXTRAS)
else
PRESENT := $(subst $(comma), ,$(wordlist 2,2,$(INSTALLED)))
MISSING := $(filter-out $(PRESENT),$(subst $(comma), ,$(EXTRAS)))
ALL := $(subst $(space),$(comma),$(strip $(PRESENT) $(MISSING)))
ifneq ($(MISSING),)
.PHONY: $(STAMP)
endif
endif

.PHONY: help demo docs docs-site test test-all cupy-stand-in faults array-api-tests array-api-table lint bench wheel dist clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target what; do \
		printf '  make %-16s %s\n' "$$target" "$$what"; done
	@echo 'ARGS="..." hands options on: make test ARGS="-k sorting"'

demo: $(STAMP) ## train a model on every available backend, and compare the results
	@$(BIN) -m tensorplug demo $(ARGS)

# Our own tests, and the quick level of the conformance suite; each file stays in one process, in which JAX compiles what
# its tests have in common once. tests/conftest.py puts the longest first; by their numbers of tests some would come last.
TESTS := -n 2 --dist loadfile --no-loadscope-reorder \
	--pyargs tensorplug.conformance --backend numpy --quick tests

# Each kind of case on each backend, but of whole grids of parameters some cells on those that compile.
define FREE
try:
    lines = open("/proc/meminfo").read().splitlines()
    print(round(int(next(line for line in lines if "MemAvailable" in line).split()[1]) / 2**20, 1), "GB")
except (OSError, StopIteration):
    print("unknown")
endef
export FREE

# As many processes as cores: more threads of OpenBLAS would wait for each other.
test test-all faults: export OPENBLAS_NUM_THREADS := 1

test: $(STAMP) ## run the tests, in some 10 minutes
	@echo "==> Running the tests in two processes: some 10 minutes on two cores (make test-all: every case). Each process"
	@echo "    takes up to 1.7 GB of memory; free here: $$($(BIN) -c "$$FREE")"
	@$(BIN) -m pytest $(TESTS) $(ARGS)

test-all: $(STAMP) ## run every case on every backend, in several times as long
	@echo "==> Running every test in two processes, which takes several times as long as make test"
	@$(BIN) -m pytest $(TESTS) --backend jax --all $(ARGS)
	@$(MAKE) cupy-stand-in

# The CuPy plugin on the CPU: CuPy itself is downloaded for its tables of dtypes and its C++, and no GPU is needed.
CUPY := .cupy
# NumPy reads no bfloat16 from DLPack, so the stand-in does not either.
ON_STAND_IN := -n 2 --dist loadfile --no-loadscope-reorder --pyargs tensorplug.conformance --backend cupy --quick \
	tests -k cupy --deselect "tests/test_bridge.py::TestDLPack::test_bfloat16[cupy]"

cupy-stand-in: $(STAMP) ## run the CuPy plugin's tests without a GPU (tests/cupy_stand_in)
	@test -d $(CUPY)/package || $(BIN) -m pip install --quiet --no-deps --target $(CUPY)/package \
		cupy-cuda12x cuda-pathfinder
	@$(BIN) tests/cupy_stand_in/build.py $(CUPY)/package $(CUPY)/tables
	@export CUPY_STAND_IN=$(CURDIR)/$(CUPY)/tables PYTHONPATH=$(CURDIR)/tests/cupy_stand_in/modules && \
		$(BIN) -m pytest $(ON_STAND_IN) $(ARGS) && $(BIN) -m tensorplug demo --epochs 3 --backend numpy,cupy --plot $(CUPY)/digits.png

# Every planted fault against every check that reaches it, which takes an hour; ARGS="--level quick" looks less far.
faults: $(STAMP) ## try every planted fault on the checks, in an hour
	@PYTHONPATH=tests $(BIN) -m faults $(ARGS)

# The standard's own suite, from the checkout that ARRAY_API_TESTS names; ARGS="--backend jax" picks backends.
array-api-tests: $(STAMP) ## run the array API standard's own suite, from the checkout ARRAY_API_TESTS
	@$(BIN) -m tensorplug.conformance.standard_suite --examples $(EXAMPLES) $(ARGS)

array-api-table: $(STAMP) ## the same, and write docs/array-api.md
	@$(BIN) -m tensorplug.conformance.standard_suite --examples $(EXAMPLES) --table docs/array-api.md $(ARGS)

docs: $(STAMP) ## write the pages and stubs that are generated
	@$(BIN) docs/write_loss_pages.py
	@$(BIN) docs/write_loss_stub.py
	@$(BIN) docs/write_tensor_stub.py

# Warnings are errors, names without a page too.
docs-site: $(STAMP) ## build the docs site into docs/_build/html, in some two minutes
	@echo "==> Building the docs site into docs/_build/html"
	@$(BIN) -m sphinx --builder html --jobs 2 --nitpicky --fail-on-warning --quiet docs docs/_build/html
	@echo "==> docs/_build/html/index.html is ready"

lint: $(STAMP) wheel ## ruff and mypy
	$(BIN) -m ruff check .
	$(BIN) -m ruff format --check .
	@# Type checkers do not follow the editable installation: they are shown the installed wheel.
	cd build && PYTHONPATH=$(CURDIR)/$(WHEEL) $(CURDIR)/$(BIN) -m mypy \
		--config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache -p tensorplug

bench: $(STAMP) ## time programs beside NumPy's and PyTorch's; ARGS=sweep times every operation
	@$(BIN) benchmarks $(ARGS)

wheel: $(STAMP) ## build the wheel, and install it into build/wheel
	@echo "==> Building the wheel and installing it into $(WHEEL)"
	@rm -rf build && mkdir build
	@$(BIN) -m build --no-isolation --outdir build/dist . > build/log 2>&1 || { cat build/log; exit 1; }
	@$(BIN) -m pip install --quiet --no-deps --target $(WHEEL) build/dist/*.whl

dist: $(STAMP) ## build the sdist and the wheel into dist, and check them by twine
	@rm -rf dist
	@$(BIN) -m build --no-isolation .
	@$(BIN) -m twine check --strict dist/*

clean: ## remove .venv, caches and builds
	rm -rf $(VENV) $(CUPY) build dist docs/_build docs/api *.egg-info .jax_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tensorplug needs Python 3.11 or newer, and none was found. Install it, or name it: make PYTHON=/path/to/python"; exit 1; }
	@echo "==> Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(CLEAR) $(VENV) || { echo "$(PYTHON) cannot make environments: install its venv module (on Debian and Ubuntu the package python3-venv)"; exit 1; }
	@echo "==> Installing tensorplug with the extras $(ALL): $(if $(findstring test,$(ALL)),some 300 MB are downloaded and 1.3 GB written,some 200 MB are downloaded and 800 MB written), which takes a minute or more"
	@$(BIN) -m pip install --progress-bar on -e ".[$(ALL)]"
	@echo "$(CURDIR) $(ALL)" > $(STAMP)
	@echo "==> $(VENV) is ready"

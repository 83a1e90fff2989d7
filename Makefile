# What can be done here: `make help`.  Each target sets up what it needs first; set-up that is done is skipped.
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON ?= python3
PORT   ?= 8000
TESTS  ?= tests
BIN    := .venv/bin

CATALOGUES := dxday/translations
LANGUAGES  := vi hi
EXTRACT    := $(BIN)/pybabel -q extract --mapping-file pyproject.toml --keyword lazy_gettext --keyword lazy_ngettext:1,2 \
              --add-location file --sort-by-file --project DXDay --version 1 --output

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: setup ## Start DXDay with its demo editions on http://127.0.0.1:8000 (PORT=… for another)
	@$(PYTHON) scripts/setup.py --solver --after-port $(PORT) & exec $(BIN)/dxday serve --prepare --port $(PORT)

.PHONY: test
test: setup-test ## Run the whole test suite (TESTS=tests/core for a part)
	$(BIN)/pytest -n 2 --dist loadgroup $(TESTS)

.PHONY: bench
bench: setup-test ## Run the benchmarks and write bench/results/latest.json
	$(BIN)/python -m bench

.PHONY: ci
ci: lint check-catalogues test ## What CI runs: lint, complete translations, tests

.PHONY: setup
setup: ## Install what DXDay needs to run
	@$(PYTHON) scripts/setup.py

.PHONY: setup-test
setup-test: ## Install what the tests need as well (browser, PostgreSQL server)
	@$(PYTHON) scripts/setup.py --tests

.PHONY: solver
solver: setup ## Install the timetable solver (`make run` does so in the background)
	@$(PYTHON) scripts/setup.py --solver

.PHONY: lint
lint: setup-test ## Check style, types, the direction of dependencies, templates
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates

.PHONY: format
format: setup-test ## Put the Python code into the common form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: catalogues
catalogues: setup-test ## Take new words into the translations, and compile them
	@mkdir -p $(CATALOGUES)
	$(EXTRACT) $(CATALOGUES)/messages.pot dxday templates
	@for language in $(LANGUAGES); do \
	  if [ -f $(CATALOGUES)/$$language/LC_MESSAGES/messages.po ]; then verb="update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date"; \
	  else verb=init; fi; \
	  $(BIN)/pybabel -q $$verb -i $(CATALOGUES)/messages.pot -d $(CATALOGUES) -l $$language --width 110 || exit 1; \
	done
	$(BIN)/pybabel -q compile -d $(CATALOGUES)

.PHONY: check-catalogues
check-catalogues: setup-test ## Fail on a missing, fuzzy or wrongly filled translation
	@mkdir -p $(CATALOGUES)
	$(EXTRACT) $(CATALOGUES)/messages.pot dxday templates
	$(BIN)/python scripts/check_catalogues.py $(CATALOGUES)/messages.pot \
	  $(LANGUAGES:%=$(CATALOGUES)/%/LC_MESSAGES/messages.po)

.PHONY: lock
lock: setup ## Lock what requirements/*.in and package.json name (UPGRADE=--upgrade renews)
	@for name in run test solver uv node; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command "make lock" $(UPGRADE) requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm install --package-lock-only

.PHONY: clean
clean: ## Remove everything that set-up made; keeps the instance with its data
	rm -rf .venv node_modules static/vendor static/vendor.new .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache .hypothesis test-results
	find dxday migrations scripts tests bench config.py wsgi.py -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	rm -f $(CATALOGUES)/messages.pot $(CATALOGUES)/*/LC_MESSAGES/messages.mo

# Two commands for a newcomer: `make run` and `make test`. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# torch, onnx and safetensors come with the recipe; `make test EXTRAS=test` leaves them out and skips their tests.
EXTRAS ?= test,recipe
# How many processes test, 4 at most; a file's tests stay together. WORKERS=0: all in one, as in `pytest`.
WORKERS ?= auto
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
# Two environments, as the exporters' pins differ; they and the models stay in the cache folder.
EXPORTERS := $(HOME)/.cache/sotto/exporters

TESTED := lint types tests test-exporters test-nvim test-vscode test-editors bench picture picture-vscode
.PHONY: run test fuzz-gguf test-real-models lint-editors vsix clean $(TESTED)
$(TESTED): $(VENV)/.test

run: $(VENV)/.run  ## install, then show the main job on the embedded model
	$(BIN)/sotto demo
test: lint types tests  ## install, lint, types, tests
lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
types:
	$(BIN)/pyright --pythonpath $(BIN)/python
tests:
	$(PYTEST) --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile
bench:  ## replay and traces over stdio; another benchmark by NAME=server ARGS="..."; ARGS=--help lists them
	PYTHONPATH=tests:onnx_models $(BIN)/python -m benchmarks $(NAME) $(ARGS)

test-nvim:  ## in a real Neovim, installed from packages first; see tests/editors/README.md
	$(PYTEST) tests/editors/neovim --real-editors
test-vscode:  ## in a real VS Code, installed from packages first; needs npm and, the first time, root
	$(PYTEST) tests/editors/vscode --real-editors
test-editors:  ## in every editor that packages bring; the table and the screens go to build/editors
	rm -rf build/editors
	$(PYTEST) tests/editors --real-editors
lint-editors: STYLUA := $(HOME)/.cache/sotto-editors/stylua
lint-editors:  ## the Lua of the Neovim plugin: luacheck is Debian's, StyLua npm's
	command -v luacheck >/dev/null || apt-get install -y -qq lua-check
	npm install --silent --no-audit --no-fund --prefix $(STYLUA) @johnnymorganz/stylua@2.5.2
	luacheck -q --config editors/neovim/.luacheckrc editors/neovim
	STYLUA=$(STYLUA) node tests/editors/format_lua.mjs editors/neovim --check
vsix:  ## editors/vscode/sotto.vsix, the extension for VS Code; needs Node 20 and npm's registry
	cd editors/vscode && npm ci --silent --no-audit --no-fund && npm run --silent lint && npm test --silent && npm run --silent package
picture:  ## docs/ghost-text.svg, helix.svg and emacs.svg, from the real editors
	PYTHONPATH=tests $(BIN)/python -m editors.picture docs
picture-vscode:  ## docs/vscode.png, from a real VS Code
	$(PYTEST) tests/editors/vscode/test_vscode.py -k several_lines --real-editors
	cp build/editors/vscode/several-lines.png docs/vscode.png

test-real-models: $(VENV)/.test  ## real weights, 600 MB, fetched once; minutes
	@test -f ../shared/tools/real-models/get.sh && bash ../shared/tools/real-models/get.sh || echo "there is no script that fetches real weights"
	$(PYTEST) -n 0 tests/models/importing/test_real_weights.py --real-models
fuzz-gguf: $(VENV)/.test  ## 10,000 mutations of a GGUF file; make test runs some
	$(PYTEST) -n 0 tests/models/importing/test_gguf_files.py -k mutations --mutations 10000 --timeout 1800

test-exporters: $(EXPORTERS)/modern/.installed $(EXPORTERS)/optimum/.installed  ## real exporters' tiny models against PyTorch; 2 GB
	for name in modern optimum; do \
	  HF_HUB_OFFLINE=1 $(EXPORTERS)/$$name/bin/python tests/exporters/tiny_models.py $(EXPORTERS)/models || exit 1; \
	done
	$(PYTEST) tests/exporters --exporters $(EXPORTERS)/models
$(EXPORTERS)/%/.installed: tests/exporters/%.txt
	$(PYTHON) -m venv $(@D) && $(@D)/bin/python -m pip install -q --disable-pip-version-check -r $< && touch $@

$(VENV)/.run: pyproject.toml | $(VENV)
	$(PIP) -e . && touch $@
$(VENV)/.test: pyproject.toml | $(VENV)
	$(PIP) -e ".[$(EXTRAS)]" && touch $@ $(VENV)/.run
$(VENV):  # Debian ships Python without ensurepip until python3-venv is installed
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); apt-get update -qq; apt-get install -y -qq python3-venv; $(PYTHON) -m venv $(VENV); }
clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

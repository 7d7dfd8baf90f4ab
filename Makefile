# Two commands for a newcomer: `make run` and `make test`. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# torch, onnx and safetensors come with the recipe; `make test EXTRAS=test` leaves them out and skips their tests.
EXTRAS ?= test,recipe
# How many processes test, 4 at most; a file's tests stay together. WORKERS=0: all in one, as in `pytest`.
WORKERS ?= auto
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test lint lint-editors types tests test-exporters test-nvim test-vscode test-editors bench bench-actions bench-anchor bench-drafts bench-first-key bench-genai bench-llama bench-raw bench-second-window bench-server bench-shapes bench-prepare bench-tokenizing picture picture-vscode vsix clean

run: $(VENV)/.run  ## install, then show the main job on the embedded model
	$(BIN)/sotto demo

test: lint types tests  ## install, lint, types, tests

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/pyright --pythonpath $(BIN)/python

tests: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile

# luacheck is Debian's; StyLua is on npm as WebAssembly and goes into the cache folder of the editors.
lint-editors: STYLUA := $(HOME)/.cache/sotto-editors/stylua
lint-editors:  ## the Lua of the Neovim plugin
	command -v luacheck >/dev/null || apt-get install -y -qq lua-check
	npm install --silent --no-audit --no-fund --prefix $(STYLUA) @johnnymorganz/stylua@2.5.2
	luacheck -q --config editors/neovim/.luacheckrc editors/neovim
	STYLUA=$(STYLUA) node tests/editors/format_lua.mjs editors/neovim --check

vsix:  ## editors/vscode/sotto.vsix, the extension for VS Code; needs Node 20 and npm's registry
	cd editors/vscode && npm ci --silent --no-audit --no-fund && npm run --silent lint && npm test --silent && npm run --silent package

test-nvim: $(VENV)/.test  ## in a real Neovim, installed from packages first; see tests/editors/README.md
	$(BIN)/python -m pytest tests/editors -k neovim --real-editors

test-vscode: $(VENV)/.test  ## in a real VS Code, installed from packages first; needs npm and, the first time, root
	$(BIN)/python -m pytest tests/editors -k vscode --real-editors

test-editors: $(VENV)/.test  ## in every editor that packages bring; the table and the screens go to build/editors
	rm -rf build/editors
	$(BIN)/python -m pytest tests/editors --real-editors

# Two environments, as the exporters' pins differ; they and the models stay in the cache folder.
EXPORTERS := $(HOME)/.cache/sotto/exporters
test-exporters: $(VENV)/.test $(EXPORTERS)/modern/.installed $(EXPORTERS)/optimum/.installed  ## tiny models through the real exporters, against PyTorch; installs 2 GB first
	for name in modern optimum; do \
	  HF_HUB_OFFLINE=1 $(EXPORTERS)/$$name/bin/python tests/exporters/tiny_models.py $(EXPORTERS)/models || exit 1; \
	done
	$(BIN)/python -m pytest tests/exporters --exporters $(EXPORTERS)/models

bench: $(VENV)/.test  ## replay keystrokes over stdio; docs/benchmarks.md explains the figures
	PYTHONPATH=tests $(BIN)/python -m benchmarks.replay
	for order in suffix-first anchored; do \
	  echo; echo "$$order, one kind of edit after the other:"; echo; \
	  PYTHONPATH=tests $(BIN)/python -m benchmarks.traces --order $$order || exit 1; \
	done

bench-actions: $(VENV)/.test  ## faults planted in held-out code and repaired; HELD_OUT=FILE from the recipe's corpus step
	PYTHONPATH=tests $(BIN)/python -m benchmarks.actions --held-out $(HELD_OUT)

bench-anchor: $(VENV)/.test  ## lines exactly right, by how much stands behind the anchor; HELD_OUT=FILE from the recipe's corpus step
	PYTHONPATH=tests:onnx_models $(BIN)/python -m benchmarks.anchor --held-out $(HELD_OUT)

bench-genai: $(EXPORTERS)/modern/.installed  ## the same keystrokes on onnxruntime-genai's loop with rewind, on a graph of bench-shapes
	PYTHONPATH=engine:tests $(EXPORTERS)/modern/bin/python -m benchmarks.beside_genai \
	  $(EXPORTERS)/shapes/qwen2.5-coder-$(SHAPE)-int4$(if $(filter-out 32,$(BLOCK_SIZE)),-b$(BLOCK_SIZE))

bench-llama: $(VENV)/.test  ## the same keystrokes on a built llama-server; LLAMA_SERVER=PROGRAM GGUF=FILE [MODEL=DIR] [PLOT=PNG]
	for what in "--plot=$(or $(PLOT),build/keystrokes.png)" --traces; do \
	  PYTHONPATH=tests $(BIN)/python -m benchmarks.beside_llama $$what \
	    --llama-server $(LLAMA_SERVER) --gguf $(GGUF) --model "$(MODEL)" || exit 1; \
	done

bench-raw: $(VENV)/.test  ## prefill and decode alone beside llama-bench; LLAMA_BENCH=PROGRAM GGUF=FILE MODELS="DIR ..." [SMALL_PAGES=1]
	PYTHONPATH=tests $(BIN)/python -m benchmarks.raw_speed $(MODELS) --llama-bench $(LLAMA_BENCH) --gguf $(GGUF) \
	  $(if $(SMALL_PAGES),--small-pages)

bench-drafts: $(VENV)/.test  ## decoding with drafts beside one token a pass
	PYTHONPATH=tests $(BIN)/python -m benchmarks.drafts

bench-first-key: $(VENV)/.test  ## the first key in a file, its prompt computed ahead and not [MODEL=DIR]
	PYTHONPATH=tests $(BIN)/python -m benchmarks.first_key --model "$(MODEL)"

bench-second-window: $(VENV)/.test  ## memory and time of a second window, with and without shared weights; MODEL=DIR
	PYTHONPATH=tests $(BIN)/python -m benchmarks.second_window $(MODEL)

bench-server: $(VENV)/.test  ## what the server itself takes of a key, and its memory over 10,000 requests
	PYTHONPATH=tests $(BIN)/python -m benchmarks.server_share

bench-tokenizing: $(VENV)/.test  ## a key's text tokenized from its last lines on and whole; TOKENIZERS="FILE ..."
	PYTHONPATH=tests $(BIN)/python -m benchmarks.tokenizing $(TOKENIZERS)

SHAPE ?= 0.5b
BLOCK_SIZE ?= 32
bench-shapes: $(EXPORTERS)/modern/.installed  ## real shapes beside onnxruntime-genai; needs Qwen2.5's tokenizer (TOKENIZER=DIR)
	PYTHONPATH=engine:tests $(EXPORTERS)/modern/bin/python -m benchmarks.real_shapes $(EXPORTERS)/shapes \
	  --shape $(SHAPE) --block-size $(BLOCK_SIZE) --tokenizer $(or $(TOKENIZER),../shared/data/qwen2.5-tokenizer)

bench-prepare: $(VENV)/.test $(EXPORTERS)/optimum/.installed  ## what `sotto models add` gains and what it changes; needs Qwen2.5's tokenizer (TOKENIZER=DIR)
	PYTHONPATH=tests $(EXPORTERS)/optimum/bin/python -m benchmarks.transformers_js \
	  $(or $(TOKENIZER),../shared/data/qwen2.5-tokenizer) $(EXPORTERS)/shapes/qwen2.5-coder-0.5b-q4-transformers-js
	PYTHONPATH=tests $(BIN)/python -m benchmarks.prepare $(EXPORTERS)/shapes/qwen2.5-coder-0.5b-q4-transformers-js

picture: $(VENV)/.test  ## docs/ghost-text.svg, helix.svg and emacs.svg, from the real editors
	PYTHONPATH=tests $(BIN)/python -m editors.picture docs

picture-vscode: $(VENV)/.test  ## the picture in docs/editors.md, from a real VS Code
	$(BIN)/python -m pytest tests/editors/test_vscode.py -k several_lines --real-editors
	cp build/editors/vscode/several-lines.png docs/vscode.png

$(EXPORTERS)/%/.installed: tests/exporters/%.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install -q --disable-pip-version-check -r $<
	touch $@

$(VENV)/.run: pyproject.toml | $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)
	$(PIP) -e ".[$(EXTRAS)]"
	touch $@ $(VENV)/.run

# Debian ships Python without ensurepip until python3-venv is installed.
$(VENV):
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); apt-get update -qq; apt-get install -y -qq python3-venv; $(PYTHON) -m venv $(VENV); }

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

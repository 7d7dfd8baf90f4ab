--- The language server as one client of Neovim: started for the buffers it serves, restarted, asked how it is.

-- NEEDS_SERVER: the series of servers that this plugin is made for; another one says so in a message.
local M = { NAME = "sotto", NEEDS_SERVER = "0.1" }

local config
local on_attach
local state = "off" -- "off", "loading", "ready" or "error"
local problem = "" -- what is wrong, in the state "error"
local is_restarting = false

local function set(new, sentence)
  state, problem = new, sentence or ""
  vim.cmd.redrawstatus()
end

--- A client's method: 0.10 has functions, 0.11 and newer have methods.
function M.call(client, name, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

--- The running client, or nil.
function M.client()
  return vim.lsp.get_clients({ name = M.NAME })[1]
end

--- The state in one word, and a sentence where there is a problem.
function M.status()
  return state, problem
end

--- The command without `serve` and what follows: what --version and `doctor` are asked of.
function M.program()
  local program = {}
  for _, word in ipairs(config.cmd) do
    if word == "serve" then
      break
    end
    table.insert(program, word)
  end
  return program
end

local function exited(code, signal)
  if vim.v.exiting ~= vim.NIL then
    return
  end
  if is_restarting then
    is_restarting = false
    M.start_all()
  else
    -- Neovim itself says that the client quit.
    local how = signal ~= 0 and "signal " .. signal or "exit code " .. code
    set("error", ("the server stopped (%s); :Sotto restart starts it again, :Sotto log says why"):format(how))
  end
end

--- Attach a buffer, and start the server if it does not run. One server for all roots: it holds a model in memory.
function M.start(buf)
  if vim.bo[buf].buftype ~= "" or not vim.tbl_contains(config.filetypes, vim.bo[buf].filetype) then
    return
  end
  if vim.fn.executable(config.cmd[1]) == 0 then
    local sentence = "there is no program `%s`; install it or name it in setup(), see :help sotto-install"
    set("error", sentence:format(config.cmd[1]))
    vim.schedule(function() -- an error told at once would end the command that opens the file
      vim.notify_once("Sotto: " .. problem, vim.log.levels.ERROR)
    end)
    return
  end
  local settings = next(config.settings) and config.settings or vim.empty_dict()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  -- 0.10 and 0.11 do not say so themselves; the server would put its text into the completion list as well.
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  local had = M.client()
  local id = vim.lsp.start({
    name = M.NAME,
    cmd = config.cmd,
    root_dir = vim.fs.root(buf, config.root_markers),
    capabilities = capabilities,
    init_options = vim.tbl_extend("force", settings, { needsServer = M.NEEDS_SERVER }),
    settings = { sotto = settings },
    on_attach = on_attach,
    on_exit = vim.schedule_wrap(exited),
  }, {
    bufnr = buf,
    reuse_client = function(client)
      return client.name == M.NAME and not client:is_stopped()
    end,
  })
  if not id then
    set("error", "the server could not be started; :Sotto log says why")
  elseif not had or had.id ~= id then
    set("loading")
  end
end

--- Attach every buffer that is open already.
function M.start_all()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buf) then
      M.start(buf)
    end
  end
end

function M.restart()
  local client = M.client()
  if not client then
    return M.start_all()
  end
  is_restarting = true
  M.call(client, "stop", true)
end

--- The server says by progress when it loads a model, and when it has.
local function progressed(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  local value = event.data.params.value
  if not client or client.name ~= M.NAME or require("sotto.models").progressed(event.data.params.token, value) then
    return
  end
  if value.kind == "begin" then
    set("loading")
  elseif value.kind == "end" and value.message == "no model" then
    set("error", "the model could not be loaded; run `sotto doctor`")
  elseif value.kind == "end" then
    set("ready")
  end
end

--- Serve the buffers of these file types from now on. `attached(buf, client)` is called for each.
function M.setup(options, attached)
  config = options
  on_attach = function(client, buf)
    attached(buf, client)
  end
  local group = vim.api.nvim_create_augroup("sotto.server", { clear = true })
  vim.api.nvim_create_autocmd("FileType", {
    group = group,
    callback = function(event)
      M.start(event.buf)
    end,
  })
  vim.api.nvim_create_autocmd("LspProgress", { group = group, callback = progressed })
  M.start_all()
end

return M

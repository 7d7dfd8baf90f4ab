--- :checkhealth sotto

local server = require("sotto.server")
local sotto = require("sotto")

local M = {}

local DOCTOR_TIMEOUT_MS = 60000 -- it loads the model and measures

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.10") == 0 then
    vim.health.error(("Neovim %s is too old"):format(version), { "Neovim 0.10 or newer is needed." })
  elseif sotto.backend() == "native" then
    vim.health.ok(("Neovim %s: ghost text by vim.lsp.inline_completion"):format(version))
  else
    vim.health.ok(("Neovim %s: ghost text by extmarks of the plugin"):format(version))
  end
end

--- Run the server's program with other arguments; its output, or nil and what went wrong.
local function run(arguments, timeout_ms)
  local command = vim.list_extend(server.program(), arguments)
  local started, process = pcall(vim.system, command, { text = true })
  if not started then
    return nil, process
  end
  local done = process:wait(timeout_ms)
  if done.code == 0 then
    return vim.trim(done.stdout)
  end
  return nil, vim.trim(done.stdout .. done.stderr)
end

local function check_program()
  local name = server.program()[1]
  if vim.fn.executable(name) == 0 then
    return vim.health.error(("there is no program `%s`"):format(name), {
      "Install Sotto's server so that it is on the PATH that Neovim sees,",
      'or name it: require("sotto").setup({ cmd = { "/path/to/sotto", "serve" } })',
    })
  end
  local version, wrong = run({ "--version" }, 10000)
  if not version then
    return vim.health.error(("`%s --version` fails: %s"):format(name, wrong))
  end
  vim.health.ok(("%s (%s)"):format(version, vim.fn.exepath(name)))
  local report, problem = run({ "doctor" }, DOCTOR_TIMEOUT_MS)
  if report then
    vim.health.info("`sotto doctor`:\n" .. report)
  else
    vim.health.error("`sotto doctor` finds problems:\n" .. problem)
  end
end

local function check_client()
  local client = server.client()
  local state, problem = sotto.status()
  if client then
    local buffers = vim.tbl_count(client.attached_buffers)
    vim.health.ok(("the server runs, is %s and serves %d buffer(s)"):format(state, buffers))
  elseif state == "error" then
    vim.health.error(problem)
  else
    vim.health.info("the server does not run: no file of its types is open")
  end
end

local function check_mappings()
  local tab = vim.fn.maparg("<Tab>", "i", false, true)
  local desc = tab.desc or ""
  if vim.tbl_isempty(tab) or vim.startswith(desc, "vim.snippet") then
    vim.health.info("<Tab> is not mapped to accept; :help sotto-mappings shows how to do that")
  elseif (tab.rhs or ""):find("sotto", 1, true) or desc:lower():find("sotto", 1, true) then
    vim.health.ok("<Tab> is mapped to Sotto")
  else
    local what = tab.desc or tab.rhs or "a Lua function"
    local advice = "<Tab> is mapped to something else (%s): let it call accept() first, or choose another key"
    vim.health.info(advice:format(what))
  end
end

function M.check()
  vim.health.start("sotto")
  if not sotto.backend() then
    return vim.health.warn('require("sotto").setup() was not called', { "See :help sotto-setup" })
  end
  check_neovim()
  check_program()
  check_client()
  check_mappings()
end

return M

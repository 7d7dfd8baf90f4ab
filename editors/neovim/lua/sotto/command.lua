--- :Sotto and its subcommands.

local models = require("sotto.models")
local reports = require("sotto.reports")
local server = require("sotto.server")
local sotto = require("sotto")

local M = {}

local function say(text)
  vim.notify("Sotto: " .. text)
end

local function status()
  local state, problem = sotto.status()
  say(problem == "" and state or ("%s: %s"):format(state, problem))
end

local actions = {
  enable = sotto.enable,
  disable = sotto.disable,
  toggle = sotto.toggle,
  status = status,
  metrics = reports.show_metrics,
  explain = reports.explain,
  models = models.choose,
  cancel = models.cancel,
  restart = server.restart,
}

function actions.snooze(minutes)
  local number = tonumber(minutes or 5)
  if not number or number <= 0 then
    return say(("`%s` is not a number of minutes"):format(minutes))
  end
  sotto.snooze(number)
  say(("no ghost text for %g minutes; :Sotto enable ends that"):format(number))
end

function actions.log()
  vim.cmd.tabedit(vim.fn.fnameescape(require("vim.lsp.log").get_filename()))
  vim.cmd.normal({ "G", bang = true })
end

--- Run `:Sotto {arguments}`; without any, `status`.
function M.run(arguments)
  local action = actions[arguments[1] or "status"]
  if not action then
    local known = table.concat(M.complete(""), ", ")
    return vim.notify(("Sotto: there is no `%s`; there are %s"):format(arguments[1], known), vim.log.levels.ERROR)
  elseif not sotto.backend() then
    return vim.notify('Sotto: call require("sotto").setup() first, see :help sotto', vim.log.levels.ERROR)
  end
  action(arguments[2])
end

--- The subcommands that a command line may go on with.
function M.complete(line)
  local typed = line:match("^%s*%S+%s+(%S*)$") or ""
  local names = line:match("^%s*%S+%s+%S+%s") and {} or vim.tbl_keys(actions)
  names = vim.tbl_filter(function(name)
    return vim.startswith(name, typed)
  end, names)
  table.sort(names)
  return names
end

return M

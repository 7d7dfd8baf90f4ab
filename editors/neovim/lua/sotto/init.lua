--- Sotto in Neovim: ghost text from a language server that carries its own model. See :help sotto.

local config = require("sotto.config")
local part = require("sotto.part")
local server = require("sotto.server")

local M = {}

local backend -- sotto.native or sotto.extmark; nil before setup()
local options
local is_on = true
local snooze = vim.uv.new_timer() -- runs while the ghost text is paused

local function is_active()
  return is_on and not snooze:is_active()
end

local function apply()
  local client = server.client()
  for buf in pairs(client and client.attached_buffers or {}) do
    backend.switch(buf, is_active())
  end
  vim.cmd.redrawstatus()
end

--- Start serving. All of `opts` may be left out: cmd, filetypes, root_markers, settings (:help sotto-setup).
function M.setup(opts)
  options = config.read(opts or {})
  backend = require("sotto." .. options.backend)
  server.setup(options, function(buf, client)
    backend.attach(buf, client, is_active())
  end)
end

--- Which way ghost text is shown here, "native" or "extmark"; nil before setup().
function M.backend()
  return options and options.backend
end

--- Accept the ghost text. Returns false where none is shown, for a mapping to do something else.
function M.accept()
  return backend ~= nil and backend.accept(part.all)
end

function M.accept_word()
  return backend ~= nil and backend.accept(part.word)
end

function M.accept_line()
  return backend ~= nil and backend.accept(part.line)
end

--- What <Tab> does, for an <expr> mapping: the next entry of a menu, a jump in a snippet, the indentation that a line
-- lacks, the ghost text; a plain <Tab> where there is none of these.
function M.tab()
  if vim.fn.pumvisible() == 1 then
    return "<C-n>"
  elseif vim.snippet.active({ direction = 1 }) then
    return "<Cmd>lua vim.snippet.jump(1)<CR>"
  elseif backend ~= nil and backend.accept(part.indentation_first) then
    return ""
  end
  return "<Tab>"
end

--- Show the next candidate. Returns false where there is no other.
function M.next()
  return backend ~= nil and backend.next()
end

--- Take the ghost text off until the next key. Returns false where none is shown.
function M.dismiss()
  return backend ~= nil and backend.dismiss()
end

function M.is_visible()
  return backend ~= nil and backend.is_visible()
end

function M.enable()
  snooze:stop()
  is_on = true
  apply()
end

function M.disable()
  snooze:stop()
  is_on = false
  apply()
end

function M.toggle()
  if is_active() then
    M.disable()
  else
    M.enable()
  end
end

--- No ghost text for some minutes (default 5).
function M.snooze(minutes)
  is_on = true
  snooze:start(math.max(1, math.floor((minutes or 5) * 60000)), 0, vim.schedule_wrap(apply))
  apply()
end

--- "ready", "loading", "paused" (by snooze), "off" or "error"; in the last case a sentence as well.
function M.status()
  local state, problem = server.status()
  if state == "error" then
    return state, problem
  elseif not is_on or (options and options.settings.enabled == false) then
    return "off", ""
  elseif snooze:is_active() then
    return "paused", ""
  end
  return state, problem
end

return M

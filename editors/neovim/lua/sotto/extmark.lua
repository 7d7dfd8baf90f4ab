--- Ghost text of our own, for Neovim 0.10 and 0.11: asked for after each key, drawn by one extmark.

local Place = require("sotto.place")
local Suggestion = require("sotto.suggestion")
local popup = require("sotto.popup")
local server = require("sotto.server")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local DEBOUNCE_MS = 30 -- one request for a burst of keys; the server answers what is typed along from memory
local namespace = vim.api.nvim_create_namespace("sotto")
local timer = vim.uv.new_timer()

local is_on = {} -- by buffer
-- One of each: there is one cursor in insert mode.
local candidates, index = {}, 1
local request -- { client, id } while it is under way
local drawn_in -- the buffer that has the ghost

local function is_inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == "i"
end

local function hide()
  if drawn_in and vim.api.nvim_buf_is_valid(drawn_in) then
    vim.api.nvim_buf_clear_namespace(drawn_in, namespace, 0, -1)
  end
  drawn_in = nil
end

local function cancel()
  timer:stop()
  if request then
    server.call(request.client, "cancel_request", request.id)
    request = nil
  end
end

--- No ghost, no candidates, nothing under way.
local function clear()
  cancel()
  hide()
  candidates, index = {}, 1
end

--- Show what is left of the chosen candidate, around the closers that it brings along; false if it does not fit.
local function draw()
  hide()
  local rest, closers
  if candidates[index] then
    rest, closers = candidates[index]:rest()
  end
  if not rest then
    return false
  end
  local here = Place.here()
  local function mark(column, text, options)
    local all = { virt_text = { { text, "SottoGhost" } }, virt_text_pos = "inline", hl_mode = "combine" }
    vim.api.nvim_buf_set_extmark(here.buf, namespace, here.row - 1, column, vim.tbl_extend("force", all, options))
  end
  local lines = vim.split(rest, "\n", { plain = true })
  local first, column = 1, here.column
  for _, at in ipairs(Suggestion.find_closers(lines[1], closers)) do
    mark(column, lines[1]:sub(first, math.max(0, at - 1)), {})
    first, column = at + 1, column + 1
  end
  local virt_lines = vim.tbl_map(function(line)
    return { { line, "SottoGhost" } }
  end, vim.list_slice(lines, 2))
  mark(column, lines[1]:sub(first), { virt_lines = virt_lines })
  if column < here.column + #closers then -- they come in a later line of the ghost
    mark(column, (" "):rep(here.column + #closers - column), { virt_text_pos = "overlay" })
  end
  drawn_in = here.buf
  return true
end

local function ask()
  local place = Place.here()
  local client = vim.lsp.get_clients({ name = server.NAME, bufnr = place.buf })[1]
  if not client or not is_on[place.buf] or not is_inserting() or popup.is_open() then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = 2 } -- automatic
  local _, id = server.call(client, "request", METHOD, params, function(_, result)
    if place:is_here() and is_on[place.buf] and is_inserting() and not popup.is_open() then
      request = nil
      candidates, index = Suggestion.all(result, place), 1
      draw()
    end
  end, place.buf)
  request = id and { client = client, id = id }
end

--- After every key: the ghost goes along with what was typed, or another is asked for.
local function update()
  if not is_inserting() or not is_on[vim.api.nvim_get_current_buf()] then
    return
  end
  if popup.is_open() then
    cancel()
    hide()
  elseif not draw() then
    clear()
    timer:start(DEBOUNCE_MS, 0, vim.schedule_wrap(ask))
  end
end

--- Ghost text for a buffer that the client was attached to.
function M.attach(buf, _, on)
  vim.api.nvim_set_hl(0, "SottoGhost", { link = "Comment", default = true })
  popup.watch(update)
  local group = vim.api.nvim_create_augroup("sotto.extmark." .. buf, { clear = true })
  local function watch(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = buf, callback = callback })
  end
  watch({ "InsertEnter", "CursorMovedI", "TextChangedI", "TextChangedP" }, update)
  watch({ "InsertLeave", "BufLeave", "LspDetach" }, clear)
  watch("BufWipeout", function()
    is_on[buf] = nil
  end)
  M.switch(buf, on)
end

function M.switch(buf, on)
  clear()
  is_on[buf] = on
end

function M.is_visible()
  return drawn_in == vim.api.nvim_get_current_buf()
end

--- Insert what `take` leaves of the ghost, after the running mapping (an <expr> mapping may not change the buffer).
function M.accept(take)
  local suggestion = candidates[index]
  if not M.is_visible() or not suggestion:rest() then
    return false
  end
  vim.schedule(function()
    suggestion:accept(take, function(left)
      clear()
      candidates = { left }
      draw()
    end)
  end)
  return true
end

--- The next candidate; false where there is no other.
function M.next()
  if not M.is_visible() or #candidates < 2 then
    return false
  end
  index = index % #candidates + 1
  draw()
  return true
end

--- Take the ghost off until the next key; false where there was none.
function M.dismiss()
  local was_visible = M.is_visible()
  clear()
  return was_visible
end

return M

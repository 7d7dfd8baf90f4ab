--- Ghost text by vim.lsp.inline_completion, Neovim 0.12 and newer.
--
-- Neovim asks 200 ms after the last key and until the answer is there goes on with the old ghost, whether or not it
-- fits what was typed; accepted by Neovim, it lands where it was asked for. Both are repaired here: a ghost that does
-- not fit is cleared at once, and only what is left of one that fits is inserted.

local Place = require("sotto.place")
local Suggestion = require("sotto.suggestion")
local part = require("sotto.part")
local popup = require("sotto.popup")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local namespace = vim.api.nvim_create_namespace("nvim.lsp.inline_completion")

local answers = {} -- by buffer: the suggestions of the last answer

--- The ghost as Neovim draws it, without the count it shows after select(); nil for none.
-- And its mark: Neovim begins it after what stands there already, and may draw it over the rest of the line.
local function drawn()
  local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
  if not mark then
    return nil
  end
  local lines = {}
  for _, chunks in ipairs(vim.list_extend({ mark[4].virt_text or {} }, mark[4].virt_lines or {})) do
    local text = vim.tbl_map(function(chunk)
      return chunk[2] == "ComplHintMore" and "" or chunk[1]
    end, chunks)
    table.insert(lines, table.concat(text))
  end
  local column = vim.api.nvim_win_get_cursor(0)[2]
  local skipped = vim.api.nvim_get_current_line():sub(column + 1, mark[3])
  return skipped .. table.concat(lines, "\n"), skipped, mark[4].virt_text_pos == "overlay"
end

--- Our suggestion that is on the screen and fits what is in the buffer; nil for none.
local function shown()
  local text, skipped, is_overlay = drawn()
  for _, suggestion in ipairs(text and answers[vim.api.nvim_get_current_buf()] or {}) do
    local rest, closers = suggestion:rest()
    if rest == text and vim.startswith(closers, skipped) and (closers == "" or is_overlay) then
      return suggestion
    end
  end
end

local function tidy()
  local ours = answers[vim.api.nvim_get_current_buf()] or {}
  if popup.is_open() or (#ours > 0 and not shown()) then
    vim.api.nvim_buf_clear_namespace(0, namespace, 0, -1)
  end
end

--- Look at each answer before Neovim does: keep its suggestions, and drop it if the cursor has moved on.
local function watch_answers(client)
  if rawget(client, "sotto_watched") then
    return
  end
  client.sotto_watched = true
  local request = client.request
  client.request = function(self, method, params, handler, ...)
    if method ~= METHOD or not handler then
      return request(self, method, params, handler, ...)
    end
    local place = Place.here()
    return request(self, method, params, function(err, result, ...)
      if place:is_here() and not popup.is_open() then
        answers[place.buf] = Suggestion.all(result, place)
        handler(err, result, ...)
      end
    end, ...)
  end
end

--- Ghost text for a buffer that the client was attached to.
function M.attach(buf, client, is_on)
  watch_answers(client)
  popup.watch(tidy)
  M.switch(buf, is_on)
  local group = vim.api.nvim_create_augroup("sotto.native." .. buf, { clear = true })
  vim.api.nvim_create_autocmd("InsertEnter", {
    group = group,
    buffer = buf,
    callback = function()
      -- Registered again each time: it must run after Neovim's own, which come and go with the client.
      local moved = vim.api.nvim_create_augroup("sotto.native.moved." .. buf, { clear = true })
      vim.api.nvim_create_autocmd({ "CursorMovedI", "TextChangedP" }, {
        group = moved,
        buffer = buf,
        callback = tidy,
      })
    end,
  })
end

--- On or off for one buffer. Neovim knows this for all its servers together.
function M.switch(buf, is_on)
  answers[buf] = nil
  vim.lsp.inline_completion.enable(is_on, { bufnr = buf })
end

function M.is_visible()
  return shown() ~= nil
end

--- Insert what `take` leaves of the ghost, after the running mapping (an <expr> mapping may not change the buffer).
function M.accept(take)
  local suggestion = shown()
  if not suggestion then
    return false
  end
  local function insert()
    suggestion:accept(take, function() end)
  end
  if take == part.all then
    return vim.lsp.inline_completion.get({ on_accept = insert })
  end
  -- A part is typed along: Neovim keeps the ghost then, where get() would take it off until the next answer.
  vim.schedule(insert)
  return true
end

--- The next candidate; false where there is no other.
function M.next()
  if not shown() or #answers[vim.api.nvim_get_current_buf()] < 2 then
    return false
  end
  vim.lsp.inline_completion.select({ count = 1 })
  return true
end

--- Take the ghost off until the next key; false where there was none.
function M.dismiss()
  return shown() ~= nil and vim.lsp.inline_completion.get({ on_accept = function() end })
end

return M

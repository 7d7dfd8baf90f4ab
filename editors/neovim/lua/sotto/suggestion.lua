--- A text suggested for one place, and what is left of it while the user types along.

local Place = require("sotto.place")

local Suggestion = {}
Suggestion.__index = Suggestion

function Suggestion.new(place, text)
  return setmetatable({ place = place, text = text }, Suggestion)
end

--- The suggestions in the answer to a request made at `place`.
-- Sotto's texts are plain and its ranges empty, at the cursor it was asked about: the place says it all.
function Suggestion.all(result, place)
  return vim.tbl_map(function(item)
    return Suggestion.new(place, item.insertText)
  end, result and (result.items or result) or {})
end

--- What is still to come at the cursor; nil where the buffer does not go along with the suggestion, or has all of it.
-- Compares with the buffer, not with keys: deletion, undo, paste and auto-pairs need no case of their own.
function Suggestion:rest()
  local asked, now = self.place, Place.here()
  if now.buf ~= asked.buf or now.row ~= asked.row or now.column < asked.column then
    return nil
  end
  local typed = vim.api.nvim_get_current_line():sub(asked.column + 1, now.column)
  if not vim.startswith(self.text, typed) or #typed == #self.text then
    return nil
  end
  return self.text:sub(#typed + 1)
end

return Suggestion

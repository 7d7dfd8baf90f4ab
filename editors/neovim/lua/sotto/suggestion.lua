--- A text suggested for one place, and what is left of it while the user types along.

local Place = require("sotto.place")
local part = require("sotto.part")

local Suggestion = {}
Suggestion.__index = Suggestion

--- Where in the text each of the closers is brought along, in their order, up to the first that is not.
-- A bracket that the text opens itself is closed by its own. Blanks between closers go with the next one.
function Suggestion.find_closers(text, closers)
  local found, depth = {}, 0
  for at = 1, #text do
    while closers:sub(#found + 1, #found + 1):match("%s") do
      table.insert(found, at - 1)
    end
    local character = text:sub(at, at)
    if depth == 0 and #found < #closers and character == closers:sub(#found + 1, #found + 1) then
      table.insert(found, at)
    elseif character:match("[%(%[{]") then
      depth = depth + 1
    elseif character:match("[%)%]}]") then
      depth = math.max(0, depth - 1)
    end
  end
  return found
end

--- Of the rest of the line, it takes the place of that many characters after the cursor, all of them closers.
function Suggestion.new(place, text, num_replaced)
  local after = vim.api.nvim_get_current_line():sub(place.column + 1 + (num_replaced or 0))
  return setmetatable({ place = place, text = text, after = after }, Suggestion)
end

--- The suggestions in the answer to a request made at `place`, where the cursor still is; lines end in "\n".
-- Sotto's texts are plain, and its ranges begin at the cursor that it was asked about and end on its line.
function Suggestion.all(result, place)
  return vim.tbl_map(function(item)
    local range = item.range
    item.insertText = item.insertText:gsub("\r\n?", "\n") -- a file's own line ends are not in the buffer
    return Suggestion.new(place, item.insertText, range and range["end"].character - range.start.character)
  end, result and (result.items or result) or {})
end

--- What is still to come at the cursor, and the closers after it which that brings along, written by the server's leave
--- or by an auto-pair; nil where the buffer does not go along with the suggestion, or has all of it.
-- Compares with the buffer, not with keys: deletion, undo, paste and auto-pairs need no case of their own.
function Suggestion:rest()
  local asked, now, line = self.place, Place.here(), vim.api.nvim_get_current_line()
  if now.buf ~= asked.buf or now.row ~= asked.row or now.column < asked.column then
    return nil
  end
  local typed, right = line:sub(asked.column + 1, now.column), line:sub(now.column + 1)
  if not vim.startswith(self.text, typed) or #typed == #self.text or not vim.endswith(right, self.after) then
    return nil
  end
  local rest, there = self.text:sub(#typed + 1), right:sub(1, #right - #self.after)
  if #Suggestion.find_closers(rest, there) == #there then
    return rest, there
  end
end

--- Insert what `take` leaves of the rest, if there is any; `done` is then called with the suggestion that is left.
function Suggestion:accept(take, done)
  local rest, closers = self:rest()
  if not rest then
    return
  end
  local text = take(rest)
  local num_replaced = #Suggestion.find_closers(text, closers)
  part.insert(text, num_replaced, function()
    done(Suggestion.new(Place.here(), rest:sub(#text + 1), #closers - num_replaced))
  end)
end

return Suggestion

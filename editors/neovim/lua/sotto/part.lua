--- How much of a ghost text one key accepts: each function takes the text and returns its beginning.

local M = {}

function M.all(text)
  return text
end

--- The blanks and line ends before it and one word, or one run of punctuation. Bytes above 127 count as letters.
function M.word(text)
  return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w_%s\128-\255]+") or text
end

--- To the end of the line; at the end of a line, the next one.
function M.line(text)
  return text:match("^\n?[^\n]*")
end

--- Put text at the cursor as if it had been typed, as a change that `u` takes back alone.
function M.insert(text)
  vim.go.undolevels = vim.go.undolevels -- closes the undo block: :help undo-break
  vim.api.nvim_put(vim.split(text, "\n", { plain = true }), "c", false, true)
end

return M

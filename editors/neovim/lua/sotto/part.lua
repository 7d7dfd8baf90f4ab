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

--- The indentation that a blank line lacks, where the text begins with it; else all.
function M.indentation_first(text)
  local before = vim.api.nvim_get_current_line():sub(1, vim.api.nvim_win_get_cursor(0)[2])
  return not before:find("%S") and text:match("^[ \t]+") or text
end

--- Put text at the cursor in place of some characters after it, then call `done`.
-- As if it had been typed: `.` repeats it, and `u` takes it back alone.
function M.insert(text, num_replaced, done)
  vim.go.undolevels = vim.go.undolevels -- closes the undo block: :help undo-break
  function M.paste()
    vim.api.nvim_paste(text, false, -1)
    done()
  end
  local keys = ("<Del>"):rep(num_replaced) .. "<Cmd>lua require('sotto.part').paste()<CR>"
  vim.api.nvim_feedkeys(vim.keycode(keys), "in", false)
end

return M

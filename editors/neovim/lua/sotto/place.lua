--- Where the cursor stands in which text: what a request was made for, and whether that is still so.

local Place = {}
Place.__index = Place

--- The cursor of the current window. Rows from 1, columns in bytes from 0, as nvim_win_get_cursor has them.
function Place.here()
  local buf = vim.api.nvim_get_current_buf()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local tick = vim.api.nvim_buf_get_changedtick(buf)
  return setmetatable({ buf = buf, row = row, column = column, tick = tick }, Place)
end

--- Whether nothing was typed, changed or moved since.
function Place:is_here()
  return vim.deep_equal(self, Place.here())
end

return Place

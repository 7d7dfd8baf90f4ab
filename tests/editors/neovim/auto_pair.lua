-- Closes brackets and quotes while one types, as mini.pairs and nvim-autopairs do, which are in no registry.

local function map(key, write)
  vim.keymap.set("i", key, function()
    local column, line = vim.api.nvim_win_get_cursor(0)[2], vim.api.nvim_get_current_line()
    return write(line:sub(column, column), line:sub(column + 1, column + 1))
  end, { expr = true })
end

local pairs_ = { ["("] = ")", ["["] = "]", ["{"] = "}", ['"'] = '"', ["'"] = "'" }
for opener, closer in pairs(pairs_) do
  map(closer, function(_, right)
    return right == closer and "<C-g>U<Right>" or closer
  end)
  map(opener, function(_, right)
    return opener == closer and right == closer and "<C-g>U<Right>" or opener .. closer .. "<C-g>U<Left>"
  end)
end
for key, between in pairs({ ["<CR>"] = "<CR><C-o>O", ["<BS>"] = "<BS><Del>" }) do
  map(key, function(left, right)
    return right ~= "" and pairs_[left] == right and between or key
  end)
end

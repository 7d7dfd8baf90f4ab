--- What the user hands to setup(): the defaults, and the check that names what is wrong.

local M = {}

local defaults = {
  cmd = { "sotto", "serve" },
  filetypes = { "python" },
  root_markers = { ".git", "pyproject.toml", "setup.py" },
  settings = {}, -- docs/settings.md; the server checks these
  backend = vim.fn.has("nvim-0.12") == 1 and "native" or "extmark", -- for tests: both ways run in one Neovim
}

--- The options with the defaults filled in. Raises a sentence for an option that is unknown or of another type.
function M.read(opts)
  for name, value in pairs(opts) do
    local default = defaults[name]
    if default == nil then
      error(("sotto.setup: there is no option `%s`; see :help sotto-setup"):format(name), 0)
    elseif type(value) ~= type(default) then
      error(("sotto.setup: `%s` must be a %s, not a %s"):format(name, type(default), type(value)), 0)
    end
  end
  return vim.tbl_extend("force", defaults, opts)
end

return M

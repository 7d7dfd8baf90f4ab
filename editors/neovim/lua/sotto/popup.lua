--- The completion menu of Neovim, nvim-cmp or blink.cmp: while one is open, no ghost text is shown beside it.

local M = {}

local callback = function() end
local hooked

--- nvim-cmp tells its own listeners only, and may be loaded at any time.
local function hook(cmp)
  if hooked ~= cmp and cmp.event then
    hooked = cmp
    cmp.event:on("menu_opened", callback)
    cmp.event:on("menu_closed", callback)
  end
end

--- Whether a menu is on the screen.
function M.is_open()
  local cmp, blink = package.loaded["cmp"], package.loaded["blink.cmp"]
  if cmp then
    hook(cmp)
  end
  return vim.fn.pumvisible() == 1
    or (cmp ~= nil and cmp.visible and cmp.visible() or false)
    or (blink ~= nil and blink.is_menu_visible and blink.is_menu_visible() or false)
end

--- Call `changed` a moment after a menu was opened or closed.
function M.watch(changed)
  callback = vim.schedule_wrap(changed)
  local group = vim.api.nvim_create_augroup("sotto.popup", { clear = true })
  vim.api.nvim_create_autocmd({ "CompleteChanged", "CompleteDone" }, { group = group, callback = callback })
  vim.api.nvim_create_autocmd("User", {
    group = group,
    pattern = { "BlinkCmpMenuOpen", "BlinkCmpMenuClose" },
    callback = callback,
  })
end

return M

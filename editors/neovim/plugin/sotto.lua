--- The names that are there before setup(): :Sotto and the <Plug> mappings. Nothing is loaded until one is used.

if vim.g.loaded_sotto then
  return
end
vim.g.loaded_sotto = true

vim.api.nvim_create_user_command("Sotto", function(call)
  require("sotto.command").run(call.fargs)
end, {
  nargs = "*",
  desc = "Sotto: ghost text from the code model on this machine",
  complete = function(_, line)
    return require("sotto.command").complete(line)
  end,
})

vim.api.nvim_create_user_command("SottoExplain", "Sotto explain", { desc = "Sotto: why it suggested what, or nothing" })

for name, what in pairs({
  accept = "accept the ghost text",
  ["accept-word"] = "accept a word of the ghost text",
  ["accept-line"] = "accept a line of the ghost text",
  next = "show the next candidate",
  dismiss = "take the ghost text off",
  toggle = "ghost text on or off",
}) do
  local action = name:gsub("-", "_")
  vim.keymap.set({ "i", "n" }, ("<Plug>(sotto-%s)"):format(name), function()
    require("sotto")[action]()
  end, { desc = "Sotto: " .. what })
end

--- The server's counters since its start, in a small window.

local server = require("sotto.server")

local M = {}

--- A counter's name and value in words: num_x is a count, x_ms and x_seconds times, x_nbytes a size.
local function line(name, value)
  local words, unit = name:gsub("^num_", ""), ""
  if vim.endswith(name, "_nbytes") then
    words, value, unit = words:gsub("_nbytes$", ""), value / 2 ^ 20, " MB"
  elseif vim.endswith(name, "_ms") then
    words, unit = words:gsub("_ms$", ""), " ms"
  elseif vim.endswith(name, "_seconds") then
    words, unit = words:gsub("_seconds$", ""), " s"
  end
  local shown = value % 1 == 0 and ("%d"):format(value) or ("%.1f"):format(value)
  return (" %-24s %10s%s "):format(words:gsub("_", " "), shown, unit)
end

--- Ask the server, and show what it says. The window goes with the next move of the cursor.
function M.show()
  local client = server.client()
  if not client then
    return vim.notify("Sotto: the server does not run; :Sotto status says why", vim.log.levels.WARN)
  end
  server.call(client, "request", "workspace/executeCommand", { command = "sotto.metrics" }, function(err, report)
    if err then
      return vim.notify("Sotto: " .. err.message, vim.log.levels.ERROR)
    end
    local lines = {}
    for name, value in vim.spairs(report) do
      table.insert(lines, line(name, value))
    end
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "sotto.metrics" })
  end, vim.api.nvim_get_current_buf())
end

return M

--- What the server tells about itself, in small windows: its counters, and how its last answers came about.

local server = require("sotto.server")

local M = {}

local function ask(command, show)
  local client = server.client()
  if not client then
    return vim.notify("Sotto: the server does not run; :Sotto status says why", vim.log.levels.WARN)
  end
  server.call(client, "request", "workspace/executeCommand", { command = command }, function(err, report)
    if err then
      return vim.notify("Sotto: " .. err.message, vim.log.levels.ERROR)
    end
    show(report)
  end, vim.api.nvim_get_current_buf())
end

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

--- The server's counters since its start. The window goes with the next move of the cursor.
function M.show_metrics()
  ask("sotto.metrics", function(report)
    local lines = {}
    for name, value in vim.spairs(report) do
      table.insert(lines, line(name, value))
    end
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "sotto.metrics" })
  end)
end

--- One request and its answer, in lines. What the answer says nothing of is left out.
local function describe(answer)
  local shown = answer.shown ~= "" and vim.inspect(answer.shown) or "nothing"
  local place = ("%s:%d:%d"):format(vim.fs.basename(answer.uri), answer.line + 1, answer.character + 1)
  local lines = { ("%s  shown: %s"):format(place, shown) }
  for _, reason in ipairs(answer.reasons) do
    table.insert(lines, ("  %s: %s"):format(reason.code, reason.sentence))
  end
  local facts = { answer.source ~= "" and "from " .. answer.source or nil }
  if (answer.model or "") ~= "" then
    table.insert(facts, "model " .. answer.model)
  end
  if answer.promptTokens then
    table.insert(facts, ("prompt of %d tokens, %d cached"):format(answer.promptTokens, answer.cachedTokens))
    table.insert(facts, "probabilities " .. table.concat(answer.probabilities, " "))
  end
  for name, value in vim.spairs(answer.timings or {}) do
    table.insert(facts, ("%s %.1f ms"):format(name, value))
  end
  if #facts > 0 then
    table.insert(lines, "  " .. table.concat(facts, ", "))
  end
  return lines
end

--- How the last requests were answered and why, the newest first. `q` closes the window.
function M.explain()
  ask("sotto.explainLast", function(answers)
    local lines = #answers == 0 and { "Nothing was asked yet." } or vim.iter(answers):map(describe):flatten():totable()
    vim.cmd(("botright %dnew"):format(math.min(#lines, 12)))
    vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.modifiable = "nofile", "wipe", false
    vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = true })
  end)
end

return M

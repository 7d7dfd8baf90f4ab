--- The choice of a model: a list, the question before a download, one added with progress, and then used.

local server = require("sotto.server")

local M = {}

local ADDING = "Sotto: adding "
local adding -- the token of the model that is added, while it is

local function say(sentence, level)
  vim.notify("Sotto: " .. sentence, level or vim.log.levels.INFO)
end

--- Ask the server; `done(answer)` hears what it says where it does not refuse.
local function ask(command, argument, done)
  local client = server.client()
  if not client then
    return say("the server does not run; :Sotto status says why", vim.log.levels.WARN)
  end
  local params = { command = "sotto.models." .. command, arguments = { argument } }
  server.call(client, "request", "workspace/executeCommand", params, function(err, answer)
    if err then -- never for what was cancelled: Neovim drops such an answer
      say(err.message, vim.log.levels.ERROR)
    elseif answer.done == false then
      say(answer.message, vim.log.levels.WARN)
    else
      done(answer)
    end
  end, vim.api.nvim_get_current_buf())
end

local function use(name)
  ask("use", { name = name }, function(answer)
    say(answer.message)
  end)
end

local function add(wish)
  ask("get", wish, function(answer)
    use(answer.name)
  end)
end

local function confirm_download(model)
  local prompt = ("Download %s? Licence: %s"):format(model.name, model.licence)
  vim.ui.select({ "Download", "Leave it" }, { prompt = prompt }, function(chosen)
    if chosen == "Download" then
      add({ name = model.name })
    end
  end)
end

local WHERE = { embedded = "ready", added = "ready", found = "on this machine", catalogue = "to download" }

--- A line of the list: the name, where it is, its size, what it is, its licence, about what it costs here.
local function line(model)
  local parts = { model.used and "in use" or WHERE[model.kind] }
  if model.nbytes then
    table.insert(parts, ("%d MB"):format(math.floor(model.nbytes / 1e6 + 0.5)))
  end
  table.insert(parts, model.kind == "catalogue" and model.about or model.instruct and "instruct" or "base")
  if model.fillsIn == false then
    table.insert(parts, "fills in nothing")
  end
  table.insert(parts, model.licence == "unknown" and "licence not named" or model.licence)
  if model.keyMs then
    table.insert(parts, ("about %d ms a suggestion"):format(model.keyMs))
  end
  return ("%s  (%s)"):format(model.name, table.concat(parts, ", "))
end

--- Choose among the models that are there, those of other programs, and those that can be fetched.
function M.choose()
  ask("list", { found = true, catalogue = true }, function(models)
    vim.ui.select(models, { prompt = "Model", format_item = line, kind = "sotto.models" }, function(model)
      if not model then
        return
      elseif model.kind == "found" then
        add({ source = model.source })
      elseif model.kind == "catalogue" then
        confirm_download(model)
      else
        use(model.name)
      end
    end)
  end)
end

--- End what is being added; nothing stays of it.
function M.cancel()
  local client = server.client()
  if not client or adding == nil then
    return say("no model is being added")
  end
  server.call(client, "notify", "window/workDoneProgress/cancel", { token = adding })
end

--- A progress of the server's: true where it is that of a model that is added, which is shown as it goes on.
function M.progressed(token, value)
  if value.kind == "begin" and vim.startswith(value.title, ADDING) then
    adding = token
  elseif token ~= adding then
    return false
  end
  if value.kind == "end" then
    adding = nil
    say(value.message)
    return true
  end
  local share = value.percentage and (" %d %%"):format(value.percentage) or ""
  vim.api.nvim_echo({ { ("Sotto: %s%s"):format(value.message or value.title:sub(#"Sotto: " + 1), share) } }, false, {})
  return true
end

return M

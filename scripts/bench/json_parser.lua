-- A JSON parser written in the language: it reads its text character by character.
local sub = string.sub

local null = {}

local Parser = {}
Parser.__index = Parser

function Parser.new(text)
  local parser = setmetatable({ text = text, at = 0, current = "" }, Parser)
  parser:read()
  return parser
end

function Parser:read()
  local at = self.at + 1
  self.at = at
  self.current = sub(self.text, at, at)
end

function Parser:skip_blanks()
  while self.current == " " or self.current == "\n" or self.current == "\t" or self.current == "\r" do
    self:read()
  end
end

function Parser:accept(character)
  if self.current ~= character then
    return false
  end
  self:read()
  return true
end

function Parser:expect(character)
  if not self:accept(character) then
    error("expected " .. character .. " at " .. self.at)
  end
end

function Parser:word(text, value)
  for i = 1, #text do
    self:expect(sub(text, i, i))
  end
  return value
end

function Parser:document()
  self:skip_blanks()
  local value = self:value()
  self:skip_blanks()
  if self.current ~= "" then
    error("more text at " .. self.at)
  end
  return value
end

function Parser:value()
  local current = self.current
  if current == "{" then
    return self:object()
  elseif current == "[" then
    return self:array()
  elseif current == '"' then
    return self:string()
  elseif current == "t" then
    return self:word("true", true)
  elseif current == "f" then
    return self:word("false", false)
  elseif current == "n" then
    return self:word("null", null)
  end
  return self:number()
end

function Parser:object()
  local object = {}
  self:read()
  self:skip_blanks()
  if self:accept("}") then
    return object
  end
  repeat
    self:skip_blanks()
    local key = self:string()
    self:skip_blanks()
    self:expect(":")
    self:skip_blanks()
    object[key] = self:value()
    self:skip_blanks()
  until not self:accept(",")
  self:expect("}")
  return object
end

function Parser:array()
  local list = {}
  self:read()
  self:skip_blanks()
  if self:accept("]") then
    return list
  end
  repeat
    self:skip_blanks()
    list[#list + 1] = self:value()
    self:skip_blanks()
  until not self:accept(",")
  self:expect("]")
  return list
end

function Parser:string()
  self:expect('"')
  local from = self.at
  local text = ""
  while self.current ~= '"' do
    if self.current == "" then
      error("a string without an end")
    end
    if self.current == "\\" then
      text = text .. sub(self.text, from, self.at - 1)
      self:read()
      text = text .. self:escape()
      from = self.at + 1
    end
    self:read()
  end
  text = text .. sub(self.text, from, self.at - 1)
  self:read()
  return text
end

function Parser:escape()
  local current = self.current
  if current == "n" then
    return "\n"
  elseif current == "t" then
    return "\t"
  elseif current == "r" then
    return "\r"
  elseif current == "b" then
    return "\b"
  elseif current == "f" then
    return "\f"
  elseif current == '"' or current == "\\" or current == "/" then
    return current
  end
  error("an unknown escape at " .. self.at)
end

function Parser:digits()
  if self.current < "0" or self.current > "9" then
    error("expected a value at " .. self.at)
  end
  while self.current >= "0" and self.current <= "9" do
    self:read()
  end
end

function Parser:number()
  local from = self.at
  self:accept("-")
  self:digits()
  if self:accept(".") then
    self:digits()
  end
  if self:accept("e") or self:accept("E") then
    if not self:accept("+") then
      self:accept("-")
    end
    self:digits()
  end
  return tonumber(sub(self.text, from, self.at - 1))
end

local function generate(count)
  local records = {}
  for i = 0, count - 1 do
    records[#records + 1] = '  {"id": ' .. i .. ', "name": "record ' .. i % 100 .. '", "flags": [' .. tostring(i % 2 == 0)
      .. ', false, null],\n   "size": {"width": ' .. i % 640 .. ', "height": -' .. i % 480
      .. '.5}, "note": "a \\"word\\" or two\\n"}'
  end
  return "[\n" .. table.concat(records, ",\n") .. "\n]\n"
end

local function checksum(records)
  local sum = 0
  for _, record in ipairs(records) do
    sum = sum + record.id + #record.name + #record.flags + record.size.width - record.size.height + #record.note
  end
  return sum
end

local text = generate(500)
local sum = 0
for _ = 1, 60 do
  sum = sum + checksum(Parser.new(text):document())
end
print(string.format("%d characters, checksum %d", #text, sum))

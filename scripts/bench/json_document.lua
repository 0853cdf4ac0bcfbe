-- JSON: a document of 5 MB is generated, parsed, looked through and written again.
local byte, char, find, format, gsub, sub = string.byte, string.char, string.find, string.format, string.gsub, string.sub
local concat, floor = table.concat, math.floor

local null = {}

local unescaped = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function utf8_of(code)
  if code < 0x80 then
    return char(code)
  elseif code < 0x800 then
    return char(0xC0 + floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return char(0xE0 + floor(code / 0x1000), 0x80 + floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return char(0xF0 + floor(code / 0x40000), 0x80 + floor(code / 0x1000) % 0x40, 0x80 + floor(code / 0x40) % 0x40,
    0x80 + code % 0x40)
end

local function pair_of(high, low)
  return utf8_of(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
end

local function unescape(raw)
  if find(raw, "\\u", 1, true) then
    raw = gsub(raw, "\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", pair_of)
    raw = gsub(raw, "\\u(%x%x%x%x)", function(hex)
      return hex == "005c" and "\\\\" or hex == "005C" and "\\\\" or utf8_of(tonumber(hex, 16))
    end)
  end
  return (gsub(raw, "\\(.)", unescaped))
end

-- The string whose opening quote stands before `at`, and the position behind it.
local function parse_string(text, at)
  local from = at
  local escaped = false
  while true do
    local stop = find(text, '["\\]', at)
    if not stop then
      error("a string without an end at " .. from)
    end
    if byte(text, stop) == 34 then
      local raw = sub(text, from, stop - 1)
      return escaped and unescape(raw) or raw, stop + 1
    end
    escaped = true
    at = stop + 2
  end
end

local parsers = {}

local function parse_value(text, at)
  at = find(text, "[^ \n\r\t]", at)
  local parser = parsers[byte(text, at)]
  if not parser then
    error("an unexpected character at " .. at)
  end
  return parser(text, at)
end

local function parse_number(text, at)
  local _, last = find(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  return tonumber(sub(text, at, last)), last + 1
end

local function parse_word(word, value)
  return function(text, at)
    if sub(text, at, at + #word - 1) ~= word then
      error("an unknown word at " .. at)
    end
    return value, at + #word
  end
end

local function parse_array(text, at)
  local list = {}
  local count = 0
  at = find(text, "[^ \n\r\t]", at + 1)
  if byte(text, at) == 93 then
    return list, at + 1
  end
  while true do
    count = count + 1
    list[count], at = parse_value(text, at)
    at = find(text, "[^ \n\r\t]", at)
    local next = byte(text, at)
    at = at + 1
    if next == 93 then
      return list, at
    elseif next ~= 44 then
      error("a comma is missing at " .. at)
    end
  end
end

local function parse_object(text, at)
  local object = {}
  at = find(text, "[^ \n\r\t]", at + 1)
  if byte(text, at) == 125 then
    return object, at + 1
  end
  while true do
    if byte(text, at) ~= 34 then
      error("a key is missing at " .. at)
    end
    local key
    key, at = parse_string(text, at + 1)
    at = find(text, "[^ \n\r\t]", at)
    if byte(text, at) ~= 58 then
      error("a colon is missing at " .. at)
    end
    object[key], at = parse_value(text, at + 1)
    at = find(text, "[^ \n\r\t]", at)
    local next = byte(text, at)
    if next == 125 then
      return object, at + 1
    elseif next ~= 44 then
      error("a comma is missing at " .. at)
    end
    at = find(text, "[^ \n\r\t]", at + 1)
  end
end

for digit = 48, 57 do
  parsers[digit] = parse_number
end
parsers[45] = parse_number
parsers[34] = function(text, at)
  return parse_string(text, at + 1)
end
parsers[91] = parse_array
parsers[123] = parse_object
parsers[116] = parse_word("true", true)
parsers[102] = parse_word("false", false)
parsers[110] = parse_word("null", null)

local escaped = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(character)
  return escaped[character] or format("\\u%04x", byte(character))
end

local function quoted(text)
  return '"' .. gsub(text, '[%c"\\]', escape) .. '"'
end

local function write(value, parts, count)
  local kind = type(value)
  if kind == "string" then
    count = count + 1
    parts[count] = quoted(value)
  elseif kind == "number" then
    count = count + 1
    parts[count] = format("%.14g", value)
  elseif value == null then
    count = count + 1
    parts[count] = "null"
  elseif kind == "table" and (value[1] ~= nil or next(value) == nil) then
    count = count + 1
    parts[count] = "["
    for i = 1, #value do
      if i > 1 then
        count = count + 1
        parts[count] = ","
      end
      count = write(value[i], parts, count)
    end
    count = count + 1
    parts[count] = "]"
  elseif kind == "table" then
    local separator = "{"
    for key, member in pairs(value) do
      parts[count + 1] = separator
      parts[count + 2] = quoted(key)
      parts[count + 3] = ":"
      count = write(member, parts, count + 3)
      separator = ","
    end
    count = count + 1
    parts[count] = "}"
  else
    count = count + 1
    parts[count] = tostring(value)
  end
  return count
end

local function stringify(value)
  local parts = {}
  write(value, parts, 0)
  return concat(parts)
end

local function generate(count)
  local state = 42
  local function random(limit)
    state = (state * 1103515 + 12345) % 2147483648
    return floor(state / 8) % limit
  end
  local words = { [0] = "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath" }
  local records = {}
  for i = 0, count - 1 do
    local tags = {}
    for _ = random(4), 0, -1 do
      tags[#tags + 1] = '"' .. words[random(8)] .. '"'
    end
    local scores = {}
    for n = 1, 6 do
      scores[n] = random(1000) .. "." .. random(9) + 1
    end
    local name = words[random(8)] .. " " .. words[random(8)]
    records[#records + 1] = '{"id":' .. i .. ',"name":"' .. name .. '","active":' .. tostring(random(2) == 0)
      .. ',"owner":null,"tags":[' .. concat(tags, ",") .. '],"address":{"street":"' .. random(200) .. " "
      .. words[random(8)] .. ' road","city":"' .. words[random(8)] .. '","zip":"' .. 10000 + random(80000)
      .. '"},"scores":[' .. concat(scores, ",") .. '],"note":"said \\"' .. words[random(8)] .. '\\"\\nand left"}'
  end
  return "[" .. concat(records, ",") .. "]"
end

local function checksum(records)
  local sum = 0
  for _, record in ipairs(records) do
    sum = sum + record.id % 7 + #record.name + #record.tags + #record.address.city + #record.note
    if record.active and record.owner == null then
      sum = sum + 1
    end
    for _, score in ipairs(record.scores) do
      sum = sum + floor(score)
    end
  end
  return sum
end

local text = generate(21700)
local records = parse_value(text, 1)
local written = stringify(records)
print(format("%d characters read, %d written, checksum %d", #text, #written, checksum(records)))

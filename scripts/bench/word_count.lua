-- Word count: a long text is split into lines and words, counted, and the counts are sorted.
local function generate(lines)
  local syllables = { [0] = "ba", "ri", "To", "mel", "ku", "san", "Do", "ve" }
  local floor = math.floor
  local state = 42
  local text = {}
  for line = 1, lines do
    local words = {}
    for i = 1, 10 do
      state = (state * 1103515 + 12345) % 2147483648
      local rest = floor(state / 1024)
      local word = ""
      for _ = rest % 4, 0, -1 do
        word = word .. syllables[rest % 8]
        rest = floor(rest / 8)
      end
      words[i] = word
    end
    text[line] = table.concat(words, " ")
  end
  return table.concat(text, "\n")
end

local function count(text)
  local counts = {}
  for line in text:gmatch("[^\n]+") do
    for part in line:gmatch("[^ ]+") do
      local word = part:lower()
      counts[word] = (counts[word] or 0) + 1
    end
  end
  return counts
end

local function by_count(a, b)
  if a[2] ~= b[2] then
    return a[2] > b[2]
  end
  return a[1] < b[1]
end

local text = generate(100000)
local counts = {}
for word, times in pairs(count(text)) do
  counts[#counts + 1] = { word, times }
end
table.sort(counts, by_count)
print(string.format("%d characters, %d different words", #text, #counts))
for i = 1, 5 do
  print(string.format("%s %d", counts[i][1], counts[i][2]))
end

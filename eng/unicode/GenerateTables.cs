#:property PublishAot=false
// Writes src/Shared/Encode/unicode.txt, the Unicode properties that decide token ids.
//
//     dotnet run eng/unicode/GenerateTables.cs [folder with UnicodeData.txt ...] [output file]
//
// The folder is what Debian's package unicode-data 15.0 installs. The tokenizer must agree with the reference library,
// whose parts carry different Unicode versions: general categories of 8.0, canonical decompositions and combining
// classes of 9.0, lower case of 17.0. Characters younger than a part's version are unassigned to that part
// (DerivedAge.txt tells); the few later changes of older characters are listed below.
using System.Globalization;
using System.Text;

var folder = args.Length > 0 ? args[0] : "/usr/share/unicode";
var output = args.Length > 1 ? args[1] : "src/Shared/Encode/unicode.txt";
var categoryVersion = new Version(8, 0);
var decompositionVersion = new Version(9, 0);

// General categories that these characters had in 8.0.
var formerCategory = new Dictionary<int, string>
{
    [0x166D] = "Po", // Canadian syllabics chi sign, now So
    [0x1734] = "Mn", // Hanunoo sign pamudpod, now Mc
    [0x1885] = "Lo", // Mongolian letter Ali Gali baluda, now Mn
    [0x1886] = "Lo", // Mongolian letter Ali Gali three baluda, now Mn
    [0xA9BD] = "Mc", // Javanese consonant sign keret, now Mn
    [0x111C9] = "Po", // Sharada sandhi mark, now Mn
};

// Lower case added by 16.0 and 17.0: first, last, first of the lower case.
(int First, int Last, int Lower)[] laterLowerCase =
[
    (0x1C89, 0x1C89, 0x1C8A), (0xA7CB, 0xA7CB, 0x0264), (0xA7CC, 0xA7CC, 0xA7CD), (0xA7CE, 0xA7CE, 0xA7CF),
    (0xA7D2, 0xA7D2, 0xA7D3), (0xA7D4, 0xA7D4, 0xA7D5), (0xA7DA, 0xA7DA, 0xA7DB), (0xA7DC, 0xA7DC, 0x019B),
    (0x10D50, 0x10D65, 0x10D70), (0x16EA0, 0x16EB8, 0x16EBB),
];

var age = ReadAges();
var control = new SortedSet<int>();
var punctuation = new SortedSet<int>();
var nonspacing = new SortedSet<int>();
var classes = new SortedDictionary<int, SortedSet<int>>();
var decompositions = new SortedDictionary<int, int[]>();
var lower = new SortedDictionary<int, int>();
ReadCharacters();
foreach (var (first, last, start) in laterLowerCase)
{
    for (var c = first; c <= last; c++)
    {
        lower.Add(c, start + c - first);
    }
}

var text = new StringBuilder();
text.Append("""
    # Unicode properties that the tokenizer uses. Made by eng/unicode/GenerateTables.cs; do not edit.
    # Derived (a selection in another form, so modified) from the Unicode Character Database, UnicodeData.txt, PropList.txt and
    # DerivedAge.txt of version 15.0.0, with the lower case of 16.0 and 17.0 added.
    #
    # UNICODE LICENSE V3
    # COPYRIGHT AND PERMISSION NOTICE
    # Copyright (c) 1991-2025 Unicode, Inc.
    # NOTICE TO USER: Carefully read the following legal agreement. BY DOWNLOADING, INSTALLING, COPYING OR OTHERWISE USING DATA FILES,
    # AND/OR SOFTWARE, YOU UNEQUIVOCALLY ACCEPT, AND AGREE TO BE BOUND BY, ALL OF THE TERMS AND CONDITIONS OF THIS AGREEMENT. IF YOU DO
    # NOT AGREE, DO NOT DOWNLOAD, INSTALL, COPY, DISTRIBUTE OR USE THE DATA FILES OR SOFTWARE.
    # Permission is hereby granted, free of charge, to any person obtaining a copy of data files and any associated documentation (the
    # "Data Files") or software and any associated documentation (the "Software") to deal in the Data Files or Software without
    # restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of the
    # Data Files or Software, and to permit persons to whom the Data Files or Software are furnished to do so, provided that either (a)
    # this copyright and permission notice appear with all copies of the Data Files or Software, or (b) this copyright and permission
    # notice appear in associated Documentation.
    # THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
    # THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD PARTY RIGHTS. IN NO EVENT SHALL
    # THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES,
    # OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
    # TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.
    # Except as contained in this notice, the name of a copyright holder shall not be used in advertising or otherwise to promote the
    # sale, use or other dealings in these Data Files or Software without prior written authorization of the copyright holder.
    #

    """);
Section("# Cc, Cf and Co of Unicode 8.0, less tab, line feed and carriage return", "control", Ranges(control));
Section("# White_Space, less what is in control", "space", Ranges(ReadSpaces()));
Section("# P* of Unicode 8.0", "punctuation", Ranges(punctuation));
Section("# Mn of Unicode 8.0", "nonspacing", Ranges(nonspacing));
text.Append("# canonical combining classes of Unicode 9.0, decimal\n");
foreach (var (value, members) in classes)
{
    Section(null, string.Create(CultureInfo.InvariantCulture, $"class {value}"), Ranges(members));
}

Section("# full canonical decompositions of Unicode 9.0, without Hangul", "decompose",
    decompositions.Select(d => $"{d.Key:X}={string.Join('.', Decompose(d.Key).Select(c => c.ToString("X", CultureInfo.InvariantCulture)))}"));
Section("# lower case of Unicode 17.0: first-last/step+distance, distance decimal; or one character = several", "lower", LowerRuns());
File.WriteAllText(output, text.ToString());
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {text.Length:N0} characters"));
return;

Dictionary<int, Version> ReadAges()
{
    var ages = new Dictionary<int, Version>();
    foreach (var (range, value) in Properties("DerivedAge.txt"))
    {
        foreach (var c in range)
        {
            ages[c] = Version.Parse(value);
        }
    }

    return ages;
}

SortedSet<int> ReadSpaces()
{
    var spaces = new SortedSet<int>();
    foreach (var (range, value) in Properties("PropList.txt"))
    {
        if (value == "White_Space")
        {
            spaces.UnionWith(range);
        }
    }

    spaces.ExceptWith(control);
    return spaces;
}

IEnumerable<(IEnumerable<int> Range, string Value)> Properties(string file)
{
    foreach (var line in File.ReadLines(Path.Combine(folder, file)))
    {
        var fields = line.Split('#')[0].Split(';', StringSplitOptions.TrimEntries);
        if (fields.Length >= 2)
        {
            var bounds = fields[0].Split("..");
            yield return (Enumerable.Range(Hex(bounds[0]), Hex(bounds[^1]) - Hex(bounds[0]) + 1), fields[1]);
        }
    }
}

void ReadCharacters()
{
    var first = -1;
    foreach (var line in File.ReadLines(Path.Combine(folder, "UnicodeData.txt")))
    {
        var fields = line.Split(';');
        var last = Hex(fields[0]);
        if (fields[1].EndsWith("First>", StringComparison.Ordinal))
        {
            first = last;
            continue;
        }

        for (var c = first < 0 ? last : first; c <= last; c++)
        {
            AddCharacter(c, fields);
        }

        first = -1;
    }
}

void AddCharacter(int c, string[] fields)
{
    var category = formerCategory.GetValueOrDefault(c, fields[2]);
    if (age[c] <= categoryVersion)
    {
        var set = category switch
        {
            "Cc" or "Cf" or "Co" when c is not ('\t' or '\n' or '\r') => control,
            ['P', _] => punctuation,
            "Mn" => nonspacing,
            _ => null,
        };
        set?.Add(c);
    }

    if (age[c] <= decompositionVersion)
    {
        if (fields[3] != "0")
        {
            var value = int.Parse(fields[3], CultureInfo.InvariantCulture);
            (classes.TryGetValue(value, out var set) ? set : classes[value] = []).Add(c);
        }

        if (fields[5].Length > 0 && fields[5][0] != '<')
        {
            decompositions.Add(c, [.. fields[5].Split(' ').Select(Hex)]);
        }
    }

    if (fields[13].Length > 0)
    {
        lower.Add(c, Hex(fields[13]));
    }
}

IEnumerable<int> Decompose(int c) => decompositions.TryGetValue(c, out var parts) ? parts.SelectMany(Decompose) : [c];

IEnumerable<string> Ranges(IEnumerable<int> members)
{
    foreach (var (first, last, _) in Runs([.. members], (_, _) => 1))
    {
        yield return first == last ? $"{first:X}" : $"{first:X}-{last:X}";
    }
}

IEnumerable<string> LowerRuns()
{
    // SpecialCasing.txt has no other unconditional lower case of more than one character.
    yield return "130=69.307";
    lower.Remove(0x130);
    foreach (var (first, last, step) in Runs([.. lower.Keys],
        (a, b) => lower[a] - a == lower[b] - b && b - a <= 2 ? b - a : 0))
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{first:X}-{last:X}/{step}{lower[first] - first:+0;-0}");
    }
}

// step(a, b): the distance at which b continues a's run, or 0.
IEnumerable<(int First, int Last, int Step)> Runs(List<int> sorted, Func<int, int, int> step)
{
    for (var i = 0; i < sorted.Count;)
    {
        var (start, distance) = (i, i + 1 < sorted.Count ? step(sorted[i], sorted[i + 1]) : 0);
        for (i++; i < sorted.Count && sorted[i] - sorted[i - 1] == distance && step(sorted[i - 1], sorted[i]) == distance;)
        {
            i++;
        }

        yield return (sorted[start], sorted[i - 1], Math.Max(distance, 1));
    }
}

void Section(string? comment, string name, IEnumerable<string> items)
{
    if (comment is not null)
    {
        text.Append(comment).Append('\n');
    }

    foreach (var chunk in items.Chunk(12))
    {
        text.Append(name).Append(": ").AppendJoin(' ', chunk).Append('\n');
    }
}

static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

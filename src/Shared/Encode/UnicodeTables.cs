using System.Globalization;

namespace StreamScorer.Shared.Encode;

/// <summary>The properties of unicode.txt, embedded: token ids must not depend on the machine's ICU, culture or .NET version.</summary>
internal sealed class UnicodeTables
{
    public const int CodePoints = 0x110000;

    private static readonly Lazy<UnicodeTables> Loaded = new(Read);

    private readonly byte[] _flags = new byte[CodePoints];
    private readonly byte[] _classes = new byte[CodePoints];
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<int, int[]> _lower = [];

    private UnicodeTables()
    {
    }

    [Flags]
    private enum Property : byte
    {
        Control = 1,
        Space = 2,
        Punctuation = 4,
        Nonspacing = 8,
        Decomposes = 16,
        Lowers = 32,
    }

    public static UnicodeTables Instance => Loaded.Value;

    /// <summary>Neither of all below: most code points.</summary>
    public bool IsPlain(int c) => c > 0x7F && _flags[c] == 0 && _classes[c] == 0;

    public bool IsControl(int c) => Has(c, Property.Control);

    public bool IsSpace(int c) => Has(c, Property.Space);

    /// <summary>The general categories P*, and the ASCII symbols that BERT counts among them.</summary>
    public bool IsPunctuation(int c) => Has(c, Property.Punctuation) || c is '$' or '+' or '<' or '=' or '>' or '^' or '`' or '|' or '~';

    public bool IsNonspacing(int c) => Has(c, Property.Nonspacing);

    /// <summary>Canonical combining class; 0: a starter.</summary>
    public byte CombiningClass(int c) => _classes[c];

    /// <summary>Full canonical decomposition, without Hangul.</summary>
    public int[]? Decomposition(int c) => Has(c, Property.Decomposes) ? _decompositions[c] : null;

    public int[]? Lower(int c) => Has(c, Property.Lowers) ? _lower[c] : null;

    private bool Has(int c, Property property) => (_flags[c] & (byte)property) != 0;

    private static UnicodeTables Read()
    {
        using var stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode.txt")
            ?? throw new InvalidOperationException("unicode.txt is not embedded");
        using var reader = new StreamReader(stream);
        var tables = new UnicodeTables();
        while (reader.ReadLine() is { } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line.Length > 0 && line[0] != '#')
            {
                tables.Add(line[..colon], line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }

        return tables;
    }

    private void Add(string section, string[] items)
    {
        foreach (var item in items)
        {
            switch (section.Split(' '))
            {
                case ["control"]: SetFlag(item, Property.Control); break;
                case ["space"]: SetFlag(item, Property.Space); break;
                case ["punctuation"]: SetFlag(item, Property.Punctuation); break;
                case ["nonspacing"]: SetFlag(item, Property.Nonspacing); break;
                case ["class", var value]:
                    var (first, last) = Range(item);
                    _classes.AsSpan(first..(last + 1)).Fill(byte.Parse(value, CultureInfo.InvariantCulture));
                    break;
                case ["decompose"]: AddMapping(_decompositions, item, Property.Decomposes); break;
                case ["lower"]: AddLower(item); break;
                default: throw new InvalidOperationException($"unicode.txt: unknown section {section}");
            }
        }
    }

    private void SetFlag(string item, Property property)
    {
        var (first, last) = Range(item);
        for (var c = first; c <= last; c++)
        {
            _flags[c] |= (byte)property;
        }
    }

    // first-last/step+distance, or character=characters
    private void AddLower(string item)
    {
        if (item.Contains('=', StringComparison.Ordinal))
        {
            AddMapping(_lower, item, Property.Lowers);
            return;
        }

        var slash = item.IndexOf('/', StringComparison.Ordinal);
        var (first, last) = Range(item[..slash]);
        var step = item[slash + 1] - '0';
        var distance = int.Parse(item.AsSpan(slash + 2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        for (var c = first; c <= last; c += step)
        {
            _lower.Add(c, [c + distance]);
            _flags[c] |= (byte)Property.Lowers;
        }
    }

    private void AddMapping(Dictionary<int, int[]> map, string item, Property property)
    {
        var sides = item.Split('=');
        var c = Hex(sides[0]);
        map.Add(c, Array.ConvertAll(sides[1].Split('.'), Hex));
        _flags[c] |= (byte)property;
    }

    private static (int First, int Last) Range(string item)
    {
        var bounds = item.Split('-');
        return (Hex(bounds[0]), Hex(bounds[^1]));
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Text;
using Soak;

namespace Fuzz;

/// <summary>
/// Record values as nobody should send them. Payload number N of a seed is made of nothing but the seed and N, so a failure is repeated by
/// naming the two.
/// </summary>
internal static class FuzzPayloads
{
    /// <summary>Bytes that mean something to a reader of JSON, of UTF-8 or of texts, also where they do not belong.</summary>
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\0", "\u007f", "\\u", "\\ud83d", "\\ude00", "\\u0000", "\\\"", "null", "true", "-", "1e999", "0.1", "\"text\":", "\"id\":", "\"text\":null", "{\"text\":\"x\"}",
            "\u00e9", "e\u0301", "日本", "👩‍👩‍👧", "\u200b", "\u202e", "\ufeff", "\ufffd", "\uffff", "\U0010FFFF", "[SEP]", "[CLS]", "##ing", "/*", "//", "NaN",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x91], [0xFE, 0xFF],
    ];

    /// <summary>Scripts and corners of Unicode, beside all of it.</summary>
    private static readonly (int First, int Last)[] Blocks =
    [
        (0x20, 0x7E), (0x00, 0x1F), (0x80, 0x24F), (0x300, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0x900, 0xDFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xF900, 0xFFFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FA1D), (0xE0000, 0xE01EF), (0, 0x10FFFF),
    ];

    /// <returns>The value, and the key or null.</returns>
    public static (byte[] Value, byte[]? Key) Make(int seed, long number)
    {
        var dice = new Dice(((ulong)(uint)seed << 40) ^ (ulong)number);
        dice.Next(); // neighbouring states begin alike
        var value = dice.Next(16) switch
        {
            0 => Bytes(ref dice, dice.Next(300)),
            1 => Deep(ref dice),
            2 => Numbers(ref dice),
            3 => Encoding.UTF8.GetBytes(Unicode(ref dice, dice.Next(200))), // for values that are the text itself
            4 => Splice(GoodPosts.Make(ref dice, (int)(number % 1_000)).Value, Plain(ref dice), ref dice),
            5 => BadPosts.Make(ref dice, (int)(number % 1_000)).Value,
            6 => Mutated(BadPosts.Make(ref dice, (int)(number % 1_000)).Value, ref dice),
            7 => Mutated(GoodPosts.Make(ref dice, (int)(number % 1_000)).Value, ref dice),
            < 12 => Mutated(Plain(ref dice), ref dice),
            _ => Plain(ref dice),
        };
        return (value, dice.Next(4) switch { 0 => null, 1 => Bytes(ref dice, dice.Next(600)), _ => "author-1"u8.ToArray() });
    }

    private static byte[] Bytes(ref Dice dice, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)dice.Next(256);
        }

        return bytes;
    }

    /// <summary>Around the limit of 64 levels, and far beyond it; closed, or not, or too often.</summary>
    private static byte[] Deep(ref Dice dice)
    {
        var depth = dice.Next(8) == 0 ? dice.Next(20_000) : dice.Next(56, 70);
        var (open, close) = dice.Next(3) switch { 0 => ("[", "]"), 1 => ("{\"text\":", "}"), _ => ("[{\"x\":", "}]") };
        var closed = Math.Max(0, depth + (dice.Next(4) == 0 ? dice.Next(5) - 2 : 0));
        var nest = new StringBuilder().Insert(0, open, depth).Append(dice.Next(2) == 0 ? "1" : "\"a\"").Append(new StringBuilder().Insert(0, close, closed)).ToString();
        return Encoding.UTF8.GetBytes(dice.Next(2) == 0 ? nest : $$"""{"text":"deep","x":{{nest}}}""");
    }

    /// <summary>Numbers where numbers, and where texts, are due.</summary>
    private static byte[] Numbers(ref Dice dice)
    {
        var digits = new string((char)('0' + dice.Next(10)), 1 + (dice.Next(16) == 0 ? dice.Next(5_000) : dice.Next(40)));
        var number = dice.Next(6) switch { 0 => digits, 1 => "-" + digits, 2 => $"{digits}.{digits}", 3 => $"1e{digits}", 4 => $"-0.{digits}E-{digits}", _ => dice.Next().ToString(CultureInfo.InvariantCulture) };
        var field = dice.Next(4) switch { 0 => "id", 1 => "text", 2 => "lang", _ => "created_at" };
        return Encoding.UTF8.GetBytes($$"""{"text":"number","{{field}}":{{number}}}""");
    }

    /// <summary>A document with any text, its characters raw or escaped.</summary>
    private static byte[] Plain(ref Dice dice)
    {
        var length = dice.Next(2_000) switch { 0 => dice.Next(70_000), < 40 => dice.Next(3_000), _ => dice.Next(120) };
        var text = Escaped(Unicode(ref dice, length), ref dice);
        var more = dice.Next(4) switch { 0 => $$""","lang":"{{Escaped(Unicode(ref dice, dice.Next(40)), ref dice)}}" """, 1 => $$""","created_at":"20{{dice.Next(100)}}-1{{dice.Next(10)}}-{{dice.Next(40)}}T{{dice.Next(30)}}:00:00Z" """, 2 => $$""","text":"{{Escaped(Unicode(ref dice, 5), ref dice)}}" """, _ => "" };
        return Encoding.UTF8.GetBytes($$"""{"id":"{{Escaped(Unicode(ref dice, dice.Next(30)), ref dice)}}","text":"{{text}}"{{more}}}""");
    }

    private static string Unicode(ref Dice dice, int length)
    {
        var text = new StringBuilder(length);
        var block = dice.Pick(Blocks);
        while (text.Length < length)
        {
            block = dice.Next(20) == 0 ? dice.Pick(Blocks) : block;
            var point = block.First + dice.Next(block.Last - block.First + 1);
            text.Append(Rune.IsValid(point) ? new Rune(point).ToString() : " ");
        }

        return text.ToString();
    }

    private static string Escaped(string text, ref Dice dice)
    {
        var all = dice.Next(4) == 0;
        var json = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = c is '"' or '\\' ? json.Append('\\').Append(c)
                : c < ' ' || all ? json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                : json.Append(c);
        }

        // Halves of pairs can only be written as escapes: in UTF-8 they are none.
        return dice.Next(30) == 0 ? json.Append("\\ud").Append("89abcdef"[dice.Next(8)]).Append("00").ToString() : json.ToString();
    }

    /// <summary>One to eight small changes.</summary>
    private static byte[] Mutated(byte[] value, ref Dice dice)
    {
        var bytes = value.ToList();
        for (var changes = 1 + dice.Next(8); changes > 0; changes--)
        {
            var at = dice.Next(bytes.Count + 1);
            var length = Math.Min(dice.Next(16) == 0 ? dice.Next(2_000) : dice.Next(6), bytes.Count - at);
            switch (dice.Next(6))
            {
                case 0: bytes.RemoveRange(at, length); break;
                case 1: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 2: bytes.RemoveRange(at, dice.Next(8) == 0 ? bytes.Count - at : length); break;
                case 3 when at < bytes.Count: bytes[at] ^= (byte)(1 << dice.Next(7)); break;
                case 4 when at < bytes.Count: bytes[at] = (byte)dice.Next(128); break;
                default: bytes.InsertRange(at, dice.Pick(Tokens)); break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Splice(byte[] left, byte[] right, ref Dice dice) => [.. left.AsSpan(0, dice.Next(left.Length + 1)), .. right.AsSpan(dice.Next(right.Length + 1))];
}

using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace StreamScorer.Tests.Decode;

/// <summary>Values as they come, and as they come broken.</summary>
internal static class JsonGenerator
{
    private static readonly string[] Names = ["text", "id", "p", "0", "lang", "created_at", ""];

    private static readonly string[] Pieces =
        ["a", "Z", "7", " ", "é", "日", "👍", "\u0301", "\u200b", "\0", "\u001f", "\"", "\\", "/", "\n", "\t", "\u007f", "\u2028", "\ufffd", "\ufeff"];

    /// <summary>Any bytes, documents, and documents with a few bytes changed.</summary>
    public static Arbitrary<byte[]> Values()
        => Gen.OneOf(Bytes(), Document(), Mutated(Document()), Mutated(Mutated(Document())), Brackets()).ToArbitrary();

    public static Gen<byte[]> Document()
        => from prefix in Gen.Elements("", "", "", "\uFEFF")
           from root in Gen.Frequency((4, WithText()), (3, Object(3)), (1, Value(3)))
           from tail in Gen.Frequency((12, Gen.Constant("")), (1, Space()), (1, Value(1)))
           select Encoding.UTF8.GetBytes(prefix + root + tail);

    /// <summary>Random members alone rarely get as far as the text.</summary>
    private static Gen<string> WithText()
        => from members in Member(2).UpTo(3)
           from text in Gen.Frequency((4, Text()), (1, Blank()))
           from inner in Gen.Elements("{0}", "{0}", "{0}", "{{\"text\":{0}}}", "[{0}]", "[{{\"text\":{0}}}]")
           from name in Gen.Elements("text", "p").SelectMany(Spelled)
           from more in Member(1).UpTo(1)
           select "{" + string.Join(',', [.. members, name + ":" + string.Format(CultureInfo.InvariantCulture, inner, text), .. more]) + "}";

    private static Gen<string> Blank() => Gen.Elements(" ", "\t", "\0", "\u200b", "\u3000", "\ufffd").UpTo(6).Select(string.Concat).SelectMany(Spelled);

    private static Gen<byte[]> Bytes() => ArbMap.Default.GeneratorFor<byte[]>();

    private static Gen<byte[]> Brackets()
        => from depth in Gen.Choose(0, 70)
           from close in Gen.Choose(0, 70)
           select Encoding.UTF8.GetBytes("{\"text\":\"b\",\"p\":" + new string('[', depth) + new string(']', close) + "}");

    private static Gen<byte[]> Mutated(Gen<byte[]> values)
        => from value in values
           from at in Gen.Choose(0, Math.Max(0, value.Length - 1))
           from length in Gen.Choose(0, 2)
           from bytes in Gen.Elements<byte[]>([], [0xff], [0xc3], [0x80], [0], [(byte)'"'], [(byte)'\\'], [(byte)'}'], [(byte)']'], [(byte)','], "\\u"u8.ToArray())
           select (byte[])[.. value.Take(at), .. bytes, .. value.Skip(at + length)];

    private static Gen<string> Value(int depth)
        => depth == 0 ? Scalar()
            : Gen.Frequency((5, Scalar()), (2, Object(depth - 1)), (2, Array(depth - 1)));

    private static Gen<string> Scalar()
        => Gen.Frequency(
            (60, Text()),
            (20, Gen.Choose(int.MinValue, int.MaxValue).Select(n => n.ToString(CultureInfo.InvariantCulture))),
            (20, Gen.Elements("null", "true", "false", "-0.0", "1e999", "1.5E-3")),
            (1, Gen.Elements("01", "NaN", "'a'", "+1", "tru", "")));

    private static Gen<string> Object(int depth)
        => from members in Member(depth).UpTo(5)
           from space in Space()
           select "{" + string.Join("," + space, members) + space + "}";

    private static Gen<string> Member(int depth)
        => from name in Gen.Frequency((6, Gen.Elements(Names).SelectMany(Spelled)), (1, Text()))
           from space in Space()
           from value in Value(depth)
           select name + space + ":" + space + value;

    private static Gen<string> Array(int depth) => Value(depth).UpTo(4).Select(values => "[" + string.Join(',', values) + "]");

    private static Gen<string> Space() => Gen.Elements("", "", "", " ", "\n", "\r\n\t ");

    private static Gen<string> Text()
        => Gen.Frequency(
            (20, Gen.Elements(Pieces).UpTo(12).Select(string.Concat).SelectMany(Spelled)),
            (5, Gen.Elements("\"\\ud83d\"", "\"\\ude00x\"", "\"\\ud83d\\u0041\"", "\"\\ud83d\\ud83d\\ude00\"", "\"a\\ud83d\\n\"")));

    /// <summary>One of the many ways to write a string in JSON.</summary>
    private static Gen<string> Spelled(string text)
        => Gen.Choose(0, 4).ListOf(text.Length).Select(ways => "\"" + string.Concat(text.Zip(ways, Spell)) + "\"");

    private static Gen<List<T>> UpTo<T>(this Gen<T> gen, int most) => Gen.Choose(0, most).SelectMany(count => gen.ListOf(count)).Select(list => list.ToList());

    private static string Spell(char c, int way) => (c, way) switch
    {
        (_, 0) => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
        ('\n', 1) => "\\n",
        ('\t', 1) => "\\t",
        ('/', 1) => "\\/",
        ('"' or '\\', _) => "\\" + c,
        ( < ' ', _) => "\\u" + ((int)c).ToString("X4", CultureInfo.InvariantCulture),
        _ => c.ToString(),
    };
}

using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Shared.Tests.Encode;

/// <summary>Random texts that reach every part of the normaliser: FsCheck's own strings would rarely leave Latin.</summary>
internal static class Texts
{
    private static readonly string[] Fragments =
    [
        "the", "Running", "unaffable", "USER123", "x", "...", "!?", "’", "“", "—", "$5", "https://x.y/z?a=b", "@user", "#tag",
        "antidisestablishmentarianism", "aaaaaaaaaaaa", "aaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa",
        "[SEP]", "[CLS]", "##ing", "café", "naïve", "Straße", "İstanbul", "ΑΣ", "привет", "Ёлка", "日本語", "かな", "가각힣", "한국어",
        "مرحبا", "हिन्दी", "ไทย", "😀", "👩‍👩‍👧", "🇩🇪", "≮", "豈", "\U0002F868", "\u0958", "ﬁ", "Å", "\u037E",
        "\u0301", "\u0323\u0301", "\u0344", "\u302E", "\u302F\u0323", "\U0001D15E", "\U0001D165\u302E", "\u1B44",
        "\uFFFD", "\u200B", "\u00AD", "\0", "\u0085", "\u3000", "\u2028", "\t", "\r\n", " ", "  ",
    ];

    private static readonly Gen<string> Fragment = Gen.Elements(Fragments);

    private static readonly Gen<string> CodePoint = Gen
        .OneOf(Gen.Choose(0, 0x7F), Gen.Choose(0x80, 0x2FFF), Gen.Choose(0x3000, 0xFFFF), Gen.Choose(0x10000, 0x10FFFF))
        .Where(Rune.IsValid).Select(c => new Rune(c).ToString());

    private static readonly Gen<string> Letters = Gen.Choose(1, 120)
        .SelectMany(n => Gen.Elements("a", "é", "中", "z", "\U00010400").Select(c => string.Concat(Enumerable.Repeat(c, n))));

    private static readonly Gen<byte[]> Text = Gen.Frequency((8, Fragment), (4, CodePoint), (1, Letters), (4, Gen.Constant(" ")))
        .ArrayOf().Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(),
        Gen.Elements<byte>(0x41, 0x20, 0xC3, 0xA9, 0xE2, 0x80, 0x99, 0xED, 0xA0, 0xF0, 0x9F, 0x98, 0x80, 0xF5, 0xC0, 0xFF).ArrayOf());

    /// <summary>Valid UTF-8.</summary>
    public static Arbitrary<byte[]> Valid => Text.ToArbitrary();

    /// <summary>Valid and invalid UTF-8, mixed too.</summary>
    public static Arbitrary<byte[]> Any => Gen
        .OneOf(Text, Bytes, Gen.Zip(Text, Bytes).Select(p => p.Item1.Concat(p.Item2).Concat(p.Item1).ToArray())).ToArbitrary();

    public static Arbitrary<int> Limit => Gen.Choose(2, 64).ToArbitrary();

    public static void Holds(this Property property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60).WithQuietOnSuccess(true), property);
}

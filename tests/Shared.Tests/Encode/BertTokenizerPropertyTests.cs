using System.Text;
using FsCheck.Fluent;
using StreamScorer.Shared.Encode;

namespace Shared.Tests.Encode;

public sealed class BertTokenizerPropertyTests
{
    public static TheoryData<string> Vocabularies => ["uncased", "cased", "cased-strip"];

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Encode_ShouldKeepItsForm_WhateverTheBytes(string vocabulary)
    {
        var tokenizer = Tokenizer(vocabulary);
        Prop.ForAll(Texts.Any, Texts.Limit, (text, limit) =>
        {
            var ids = Encode(tokenizer, text, limit, out _);
            return ids.Length >= 2 && ids.Length <= limit && ids[0] == tokenizer.ClsId && ids[^1] == tokenizer.SepId
                && Array.TrueForAll(ids, id => id >= 0 && id < tokenizer.VocabularySize)
                && !ids.AsSpan()[1..^1].ContainsAny(tokenizer.ClsId, tokenizer.SepId, tokenizer.PadId);
        }).Holds();
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Encode_ShouldGiveTheSame_OnTheAsciiAndTheGeneralPath(string vocabulary)
    {
        var tokenizer = Tokenizer(vocabulary);
        var general = tokenizer.WithGeneralPathOnly();
        Prop.ForAll(Texts.Any, Texts.Limit, (text, limit) =>
            Encode(tokenizer, text, limit, out var truncated).AsSpan().SequenceEqual(Encode(general, text, limit, out var same))
                && truncated == same && tokenizer.CountTokens(text) == general.CountTokens(text)).Holds();
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Encode_ShouldGiveAPrefix_WhenTheLimitIsLower(string vocabulary)
    {
        var tokenizer = Tokenizer(vocabulary);
        Prop.ForAll(Texts.Any, Texts.Limit, (text, limit) =>
        {
            var all = Encode(tokenizer, text, text.Length + 2, out var never);
            var some = Encode(tokenizer, text, limit, out var truncated);
            return !never && truncated == all.Length > limit && all.Length == tokenizer.CountTokens(text) + 2
                && some.Length == Math.Min(all.Length, limit)
                && all.AsSpan(0, some.Length - 1).SequenceEqual(some.AsSpan(0, some.Length - 1));
        }).Holds();
    }

    [Fact]
    public void Encode_ShouldTakeInvalidSequencesAsReplacementCharacters()
    {
        var tokenizer = Tokenizer("uncased");
        Prop.ForAll(Texts.Any, text => Encode(tokenizer, text, 64, out _).AsSpan()
            .SequenceEqual(Encode(tokenizer, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text)), 64, out _))).Holds();
    }

    [Fact]
    public void Tokenize_ShouldSplitAtSpaces()
    {
        var tokenizer = Tokenizer("uncased");
        Prop.ForAll(Texts.Valid, Texts.Valid, (a, b) =>
        {
            byte[] joined = [.. a, (byte)' ', .. b];
            int[] apart = [.. Encode(tokenizer, a, a.Length + 2, out _)[1..^1], .. Encode(tokenizer, b, b.Length + 2, out _)[1..^1]];
            return Encode(tokenizer, joined, joined.Length + 2, out _)[1..^1].AsSpan().SequenceEqual(apart);
        }).Holds();
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void EncodeWithOffsets_ShouldGiveTheIdsOfEncode_AndPlacesInTheText(string vocabulary)
    {
        var tokenizer = Tokenizer(vocabulary);
        Prop.ForAll(Texts.Any, Texts.Limit, (text, limit) =>
        {
            var ids = new int[limit];
            var offsets = new TokenOffset[limit];
            var count = tokenizer.EncodeWithOffsets(text, ids, offsets, out var truncated);
            var inside = offsets[1..(count - 1)];
            var places = Array.TrueForAll(inside, o => o.Start >= 0 && o.Start < o.End && o.End <= text.Length);
            TokenOffset.ToUtf16(text, offsets.AsSpan(0, count));
            var units = Encoding.UTF8.GetString(text).Length;
            return places && ids.AsSpan(0, count).SequenceEqual(Encode(tokenizer, text, limit, out var same)) && truncated == same
                && Array.TrueForAll(offsets[1..(count - 1)], o => o.Start >= 0 && o.Start < o.End && o.End <= units)
                && offsets[0] == default && offsets[count - 1] == default;
        }).Holds();
    }

    [Fact]
    public void EncodePair_ShouldHoldTheHeadsOfBothTexts()
    {
        var tokenizer = Tokenizer("uncased");
        Prop.ForAll(Texts.Any, Texts.Any, Texts.Limit, (a, b, limit) =>
        {
            var ids = new int[limit + 1];
            var segments = new int[limit + 1];
            var count = tokenizer.EncodePair(a, b, ids, segments, out var truncated);
            var (headA, headB) = (Encode(tokenizer, a, a.Length + 2, out _)[1..^1], Encode(tokenizer, b, b.Length + 2, out _)[1..^1]);
            var controls = b.Length == 0 ? 2 : 3;
            var second = segments.AsSpan(0, count).IndexOf(1);
            var first = second < 0 ? count : second;
            return count <= limit + 1 && (second < 0) == (b.Length == 0)
                && truncated == headA.Length + headB.Length + controls > limit + 1
                && (truncated || count == headA.Length + headB.Length + controls)
                && headA.AsSpan().StartsWith(ids.AsSpan(1, first - 2))
                && headB.AsSpan().StartsWith(ids.AsSpan(first, Math.Max(count - first - 1, 0)))
                && ids[first - 1] == tokenizer.SepId && ids[count - 1] == tokenizer.SepId
                && !segments.AsSpan(first, count - first).Contains(0);
        }).Holds();
    }

    private static BertTokenizer Tokenizer(string vocabulary) => vocabulary switch
    {
        "cased" => Golden.Cased.Tokenizer,
        "cased-strip" => Golden.CasedStrip.Tokenizer,
        _ => Golden.Uncased.Tokenizer,
    };

    private static int[] Encode(BertTokenizer tokenizer, byte[] text, int limit, out bool truncated)
    {
        var ids = new int[limit];
        return ids[..tokenizer.Encode(text, ids, out truncated)];
    }
}

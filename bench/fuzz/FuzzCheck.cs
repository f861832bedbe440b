using System.Text;
using System.Text.Unicode;
using StreamScorer.Decode;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Encode;

namespace Fuzz;

/// <summary>What must hold of Decode and Encode for any bytes. Not for several threads at once.</summary>
internal sealed class FuzzCheck(BertTokenizer tokenizer, int maxTokens)
{
    /// <summary>Outcome of a post whose characters the model does not read.</summary>
    public const string NothingForTheModel = "no token";

    public const string Accepted = "tokenized";

    private const int Margin = 24;

    private static readonly DecodeOptions Json = new();

    private readonly PostDecoder[] _decoders =
    [
        new(Json),
        new(Json with { Format = InputFormat.Text }),
        new(Json with { TextField = "/x/0", IdField = "", LanguageField = "/text/lang", MaxTextBytes = 50, MaxDepth = 3 }),
        new(Json with { TextField = "", CreatedAtField = "/id" }),
    ];

    private readonly PostEncoder _plain = new(tokenizer, maxTokens, null);
    private readonly PostEncoder _segmented = new(tokenizer, 32, new SegmentSettings { Overlap = 8, Most = 4 });

    /// <returns>The outcome with the default options.</returns>
    /// <exception cref="FuzzException">Something does not hold.</exception>
    public string Run(byte[] value, byte[]? key)
    {
        var outcome = Check(_decoders[0], value, key, Json.MaxTextBytes);
        Check(_decoders[1], value, key, Json.MaxTextBytes);
        Check(_decoders[2], value, key, 50);
        Check(_decoders[3], value, key, Json.MaxTextBytes);
        return outcome;
    }

    private string Check(PostDecoder decoder, byte[] value, byte[]? key, int maxTextBytes)
    {
        var decoded = decoder.Decode(value, key, "fallback");
        Hold(decoded.Post is null != (decoded.Reject is null), "not exactly one of post and reject");
        SameElsewhere(decoder, value, key, decoded);
        if (decoded.Reject is { } reject)
        {
            Hold(reject.Message.Length is > 0 and < 300 && !reject.Message.AsSpan().ContainsAny("\r\n"), "a reason that is not one short line");
            return reject.Reason.ToString();
        }

        var post = decoded.Post!;
        Hold(post.Text.Length > 0 && post.Text.Length <= maxTextBytes && Utf8.IsValid(post.Text.Span), "a text that is none, or too long");
        Hold(post.Id.Length > 0 && Encoding.UTF8.GetByteCount(post.Id) <= PostDecoder.MaxIdBytes, "an id that is none, or too long");
        Hold(post.Language is null || (post.Language.Length is > 0 and <= 35 && Ascii.IsValid(post.Language)), "a language that is none");
        Tokens(_segmented, post, 32);
        return Tokens(_plain, post, maxTokens);
    }

    /// <summary>A value is what its own bytes say, wherever they lie: reading beyond them would show.</summary>
    private static void SameElsewhere(PostDecoder decoder, byte[] value, byte[]? key, Decoded decoded)
    {
        byte[] within = [.. Enumerable.Repeat((byte)'"', Margin), .. value, .. Enumerable.Repeat((byte)'}', Margin)];
        var again = decoder.Decode(within.AsMemory(Margin, value.Length), key, "fallback");
        Hold(again.Reject?.Message == decoded.Reject?.Message && again.Post?.Id == decoded.Post?.Id && again.Post?.Language == decoded.Post?.Language && again.Post?.CreatedAt == decoded.Post?.CreatedAt, "another outcome for the same bytes elsewhere");
        Hold((again.Post?.Text ?? default).Span.SequenceEqual((decoded.Post?.Text ?? default).Span), "another text for the same bytes elsewhere");
    }

    private string Tokens(PostEncoder encoder, Post post, int limit)
    {
        var room = encoder.Room(post.Text.Length);
        var encoded = encoder.Encode(post.Text.Span, new int[room]); // no more than it asked for, so that writing beyond it would throw
        var rows = new List<ReadOnlyMemory<int>>();
        encoded.AddTo(rows);
        foreach (var row in rows)
        {
            var ids = row.Span;
            Hold(ids.Length >= 2 && ids.Length <= limit, "a row with no or too many tokens");
            Hold(ids[0] == tokenizer.ClsId && ids[^1] == tokenizer.SepId && !ids[1..^1].ContainsAny(tokenizer.ClsId, tokenizer.SepId, tokenizer.PadId), "control tokens elsewhere than at the ends");
            Hold(!ids.ContainsAnyExceptInRange(0, tokenizer.VocabularySize - 1), "a token that the vocabulary does not have");
        }

        return encoded.Ids.Length <= Rejects.ControlTokens ? NothingForTheModel : Accepted;
    }

    private static void Hold(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FuzzException(otherwise);
        }
    }
}

/// <summary>Something that must hold for any bytes did not.</summary>
internal sealed class FuzzException(string what) : Exception($"There was {what}.");

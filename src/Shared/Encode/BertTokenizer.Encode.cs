using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamScorer.Shared.Encode;

public sealed partial class BertTokenizer
{
    /// <summary>Encodes a text as [CLS] text [SEP]. Allocates nothing.</summary>
    /// <param name="utf8">The text; invalid sequences are dropped.</param>
    /// <param name="ids">Gets the ids; its length, at least 2, is the limit.</param>
    /// <param name="truncated">Whether the tail of the text did not fit.</param>
    /// <returns>How many ids were written.</returns>
    /// <exception cref="ArgumentException"><paramref name="ids"/> has no room for [CLS] and [SEP].</exception>
    public int Encode(ReadOnlySpan<byte> utf8, Span<int> ids, out bool truncated)
    {
        if (ids.Length < 2)
        {
            throw new ArgumentException($"room for {ids.Length} ids; [CLS] and [SEP] alone need 2", nameof(ids));
        }

        ids[0] = ClsId;
        var count = Tokenize(utf8, ids[1..^1], out truncated);
        ids[count + 1] = SepId;
        return count + 2;
    }

    /// <summary>The tokens of a text without [CLS] and [SEP]: never more than it has bytes. Allocates nothing.</summary>
    /// <param name="utf8">The text; invalid sequences are dropped.</param>
    /// <param name="ids">Gets the ids; its length is the limit.</param>
    /// <param name="truncated">Whether the tail of the text did not fit.</param>
    /// <returns>How many ids were written.</returns>
    public int Tokenize(ReadOnlySpan<byte> utf8, Span<int> ids, out bool truncated)
    {
        var count = Walk(utf8, ids, toEnd: false);
        truncated = count > ids.Length;
        return Math.Min(count, ids.Length);
    }

    /// <summary>How many tokens a text has, without [CLS] and [SEP] and whatever the limit. Allocates nothing.</summary>
    public int CountTokens(ReadOnlySpan<byte> utf8) => Walk(utf8, [], toEnd: true);

    // Writes the ids that fit. Returns how many tokens there are; unless toEnd, any number above what fits as soon as one does not.
    [SkipLocalsInit]
    private int Walk(ReadOnlySpan<byte> utf8, Span<int> ids, bool toEnd)
    {
        Span<byte> scratch = stackalloc byte[WordReader.ScratchBytes];
        Span<int> pieces = stackalloc int[WordReader.MaxWordChars];
        var reader = new WordReader(utf8, _map, scratch);
        var count = 0;
        var at = 0;
        while (at < utf8.Length)
        {
            var first = utf8[at];
            var kind = _ascii[first];
            if (kind <= AsciiKind.Removed)
            {
                at++;
                continue;
            }

            int id;
            scoped ReadOnlySpan<byte> word = default;
            if (kind == AsciiKind.Punctuation)
            {
                id = _punctuation[first];
                at++;
            }
            else if (kind == AsciiKind.Alphanumeric && TryReadAscii(utf8, at, out var key, out var length))
            {
                id = length <= WordTable.MaxBytes ? _words.Find(key) : -1;
                key.CopyTo(scratch);
                word = scratch[..length];
                at += length;
            }
            else
            {
                reader.Position = at;
                if (!reader.Next())
                {
                    break;
                }

                at = reader.Position;
                word = reader.Word;
                id = FindWhole(word);
            }

            if (id < 0)
            {
                var split = pieces[..Split(word, pieces, default)];
                split[..Math.Clamp(ids.Length - count, 0, split.Length)].CopyTo(ids[Math.Min(count, ids.Length)..]);
                count += split.Length;
            }
            else
            {
                if (count < ids.Length)
                {
                    ids[count] = id;
                }

                count++;
            }

            if (count > ids.Length && !toEnd)
            {
                break;
            }
        }

        return count;
    }

    // The lower-cased word at this place, if it is ASCII, of less than 16 letters and digits, and ended by something that surely
    // ends it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadAscii(ReadOnlySpan<byte> utf8, int at, out Vector128<byte> key, out int length)
    {
        var raw = at + Vector128<byte>.Count <= utf8.Length
            ? Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(utf8), (nuint)at)
            : WordTable.Key(utf8[at..]);
        var lower = raw | Vector128.Create((byte)0x20);
        var alphanumeric = Vector128.LessThan(lower - Vector128.Create((byte)'a'), Vector128.Create((byte)26))
            | Vector128.LessThan(raw - Vector128.Create((byte)'0'), Vector128.Create((byte)10));
        length = BitOperations.TrailingZeroCount(~alphanumeric.ExtractMostSignificantBits());
        key = (raw | Vector128.Create(_caseBit)) & Vector128.LessThan(Vector128<byte>.Indices, Vector128.Create((byte)length));
        var end = at + length;
        return length < Vector128<byte>.Count && (end == utf8.Length || EndsWord(utf8, end));
    }

    private bool EndsWord(ReadOnlySpan<byte> utf8, int at)
    {
        var kind = _ascii[utf8[at]];
        if (kind != AsciiKind.General)
        {
            return kind is AsciiKind.Space or AsciiKind.Punctuation;
        }

        Utf8.Decode(utf8, at, out var codePoint);
        return _map[codePoint].Kind is CharKind.Space or CharKind.Isolated;
    }
}

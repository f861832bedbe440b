using System.Text;

namespace StreamScorer.Shared.Encode;

/// <summary>
/// Where a token comes from in the original text, half open. UTF-8 bytes unless said otherwise; [0, 0) for [CLS] and [SEP].
/// </summary>
public readonly record struct TokenOffset(int Start, int End)
{
    /// <summary>
    /// Turns byte offsets into offsets of UTF-16 units, as strings count, in place. An invalid sequence counts as one unit.
    /// </summary>
    /// <param name="utf8">The text that was encoded.</param>
    /// <param name="offsets">Its offsets, in the order of its tokens.</param>
    public static void ToUtf16(ReadOnlySpan<byte> utf8, Span<TokenOffset> offsets)
    {
        var cursor = new Cursor(utf8);
        foreach (ref var offset in offsets)
        {
            if (offset != default)
            {
                offset = new TokenOffset(cursor.MoveTo(offset.Start), cursor.MoveTo(offset.End));
            }
        }
    }

    // Pieces of one word can lie a few bytes behind each other's start, so it walks both ways.
    private ref struct Cursor(ReadOnlySpan<byte> utf8)
    {
        private readonly ReadOnlySpan<byte> _utf8 = utf8;
        private int _byte;
        private int _unit;

        public int MoveTo(int target)
        {
            while (_byte < target)
            {
                Rune.DecodeFromUtf8(_utf8[_byte..], out var rune, out var length);
                _byte += length;
                _unit += rune.Utf16SequenceLength;
            }

            while (_byte > target)
            {
                Rune.DecodeLastFromUtf8(_utf8[.._byte], out var rune, out var length);
                _byte -= length;
                _unit -= rune.Utf16SequenceLength;
            }

            return _unit;
        }
    }
}

using System.Runtime.InteropServices;

namespace StreamScorer.Shared.Encode;

internal sealed partial class CharMap
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;

    public CharMap(TokenizerSettings settings)
    {
        var builder = new Builder(UnicodeTables.Instance, settings);
        var entries = new List<CharEntry>();
        var block = new CharEntry[BlockSize];
        var known = new Dictionary<string, ushort>(StringComparer.Ordinal);
        for (var number = 0; number < _blocks.Length; number++)
        {
            for (var i = 0; i < block.Length; i++)
            {
                block[i] = builder.Entry((number << BlockBits) | i);
            }

            // Most blocks are all alike: letters that stay, ideographs, syllables, private use.
            var key = new string(MemoryMarshal.Cast<CharEntry, char>(block));
            if (!known.TryGetValue(key, out _blocks[number]))
            {
                known.Add(key, _blocks[number] = (ushort)(entries.Count >> BlockBits));
                entries.AddRange(block);
            }
        }

        _entries = [.. entries];
        _pool = [.. builder.Pool];
    }

    private sealed class Builder(UnicodeTables unicode, TokenizerSettings settings)
    {
        private readonly bool _strip = settings.StripAccents ?? settings.LowerCase;

        public List<CharPart> Pool { get; } = [];

        public CharEntry Entry(int c)
        {
            // U+FFFD also stands for every invalid byte sequence.
            if (c is 0 or 0xFFFD || unicode.IsControl(c))
            {
                return new CharEntry(CharKind.Removed);
            }

            if (unicode.IsSpace(c))
            {
                return new CharEntry(CharKind.Space);
            }

            if (_strip && c is >= HangulFirst and <= HangulLast)
            {
                return new CharEntry(CharKind.Hangul);
            }

            var ideograph = settings.SplitCjk && IsIdeograph(c);
            if (unicode.IsPlain(c))
            {
                return new CharEntry(ideograph ? CharKind.Isolated : CharKind.Word);
            }

            var parts = Parts(c);
            var kept = parts.FindAll(p => !p.Dropped);
            if (kept is [var one] && (ideograph || one.Class == 0))
            {
                var kind = ideograph || unicode.IsPunctuation(one.CodePoint) ? CharKind.Isolated : CharKind.Word;
                return new CharEntry(kind, one.CodePoint == c ? 0 : one.CodePoint);
            }

            if (ideograph || kept.Exists(p => unicode.IsPunctuation(p.CodePoint) || unicode.IsSpace(p.CodePoint)))
            {
                throw new InvalidOperationException($"U+{c:X4} becomes several characters, one of which ends a word");
            }

            if (kept.Count == 0 && parts.TrueForAll(p => p.Class != 0))
            {
                return new CharEntry(CharKind.Removed);
            }

            Pool.AddRange(parts);
            return new CharEntry(CharKind.Sequence, Pool.Count - parts.Count, parts.Count);
        }

        private List<CharPart> Parts(int c)
        {
            var parts = new List<CharPart>(4);
            foreach (var part in _strip && unicode.Decomposition(c) is { } decomposition ? decomposition : [c])
            {
                var rank = _strip ? unicode.CombiningClass(part) : (byte)0;
                var dropped = _strip && unicode.IsNonspacing(part);
                foreach (var lower in settings.LowerCase && unicode.Lower(part) is { } several ? several : [part])
                {
                    parts.Add(new CharPart(lower, rank, dropped));
                }
            }

            return parts;
        }

        // The ranges of the original BERT tokenizer, unassigned code points included.
        private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
            or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
    }
}

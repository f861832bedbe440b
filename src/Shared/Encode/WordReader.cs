using System.Runtime.CompilerServices;

namespace StreamScorer.Shared.Encode;

/// <summary>
/// The general path: one normalised word after the other from UTF-8 text, exactly as the reference normalises and splits.
/// Linear in the text, whatever it holds: of a word over the limit only its end is looked for.
/// </summary>
internal ref struct WordReader
{
    /// <summary>The reference's limit: a longer word is unknown. Code points after normalisation.</summary>
    public const int MaxWordChars = 100;

    /// <summary>Bytes of the longest word.</summary>
    public const int MaxWordBytes = MaxWordChars * 4;

    /// <summary>What the reader needs to work in: the word, and the combining class of each of its bytes.</summary>
    public const int ScratchBytes = 2 * MaxWordBytes;

    private readonly ReadOnlySpan<byte> _text;
    private readonly CharMap _map;
    private readonly Span<byte> _word;
    private readonly Span<byte> _classes;
    private readonly Span<TokenOffset> _offsets;
    private int _length;
    private int _chars;
    private int _runStart;

    /// <param name="text">UTF-8; invalid sequences count as U+FFFD.</param>
    /// <param name="map">The normalisation.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>, need not be cleared.</param>
    /// <param name="offsets">Empty, or <see cref="MaxWordBytes"/>: gets the source of each byte of the word.</param>
    public WordReader(ReadOnlySpan<byte> text, CharMap map, Span<byte> scratch, Span<TokenOffset> offsets = default)
    {
        _text = text;
        _map = map;
        _word = scratch[..MaxWordBytes];
        _classes = scratch.Slice(MaxWordBytes, MaxWordBytes);
        _offsets = offsets;
    }

    /// <summary>Where the text goes on after the current word; may be set to where a word or a gap starts.</summary>
    public int Position { get; set; }

    /// <summary>The current word; empty when <see cref="TooLong"/>.</summary>
    public readonly ReadOnlySpan<byte> Word => TooLong ? default : _word[.._length];

    public readonly bool TooLong => _chars > MaxWordChars;

    /// <summary>The source of each byte of <see cref="Word"/>.</summary>
    public readonly ReadOnlySpan<TokenOffset> Offsets => _offsets;

    /// <summary>The source of the whole current word.</summary>
    public TokenOffset WordOffset { get; private set; }

    /// <summary>Reads the next word; false when only gaps are left.</summary>
    public bool Next()
    {
        _length = 0;
        _chars = 0;
        _runStart = 0;
        while (Position < _text.Length)
        {
            var size = Utf8.Decode(_text, Position, out var codePoint);
            var entry = _map[codePoint];
            switch (entry.Kind)
            {
                case CharKind.Word:
                    Starter(entry.Payload == 0 ? codePoint : entry.Payload, size);
                    break;
                case CharKind.Removed:
                    break;
                case CharKind.Hangul:
                    Hangul(codePoint, size);
                    break;
                case CharKind.Sequence:
                    Sequence(_map.Parts(entry), size);
                    break;
                default: // a gap, or a word of its own
                    if (_chars > 0)
                    {
                        return true;
                    }

                    if (entry.Kind == CharKind.Isolated)
                    {
                        Starter(entry.Payload == 0 ? codePoint : entry.Payload, size);
                        Position += size;
                        return true;
                    }

                    break;
            }

            Position += size;
        }

        return _chars > 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Starter(int codePoint, int size)
    {
        Count(size);
        if (!TooLong)
        {
            var length = Utf8.Encode(codePoint, _word[_length..]);
            if (!_offsets.IsEmpty)
            {
                _offsets.Slice(_length, length).Fill(new TokenOffset(Position, Position + size));
            }

            _length += length;
            _runStart = _length;
        }
    }

    private void Sequence(ReadOnlySpan<CharPart> parts, int size)
    {
        foreach (var part in parts)
        {
            if (part.Class != 0)
            {
                if (!part.Dropped)
                {
                    Mark(part.CodePoint, part.Class, size);
                }
            }
            else if (part.Dropped)
            {
                _runStart = _length;
            }
            else
            {
                Starter(part.CodePoint, size);
            }
        }
    }

    // Canonical ordering (The Unicode Standard, section 3.11): a mark moves before marks of a higher class, up to the last starter.
    private void Mark(int codePoint, byte rank, int size)
    {
        Count(size);
        if (TooLong)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..Utf8.Encode(codePoint, bytes)];
        var at = _length;
        while (at > _runStart && _classes[at - 1] > rank)
        {
            at--;
        }

        _word[at.._length].CopyTo(_word[(at + bytes.Length)..]);
        _classes[at.._length].CopyTo(_classes[(at + bytes.Length)..]);
        bytes.CopyTo(_word[at..]);
        _classes.Slice(at, bytes.Length).Fill(rank);
        if (!_offsets.IsEmpty)
        {
            // Offsets stay in the order of the text, as in the reference (which lets dropped marks of the same run shift them, too).
            _offsets.Slice(_length, bytes.Length).Fill(new TokenOffset(Position, Position + size));
        }

        _length += bytes.Length;
    }

    private void Count(int size)
    {
        _chars++;
        if (!_offsets.IsEmpty)
        {
            WordOffset = new TokenOffset(_chars == 1 ? Position : WordOffset.Start, Position + size);
        }
    }

    // The Unicode Standard, section 3.12: conjoining jamo behaviour.
    private void Hangul(int codePoint, int size)
    {
        const int Vowels = 21;
        const int Trails = 28;
        var index = codePoint - 0xAC00;
        Starter(0x1100 + (index / (Vowels * Trails)), size);
        Starter(0x1161 + (index % (Vowels * Trails) / Trails), size);
        if (index % Trails != 0)
        {
            Starter(0x11A7 + (index % Trails), size);
        }
    }
}

using System.Text.Json;

namespace StreamScorer.Decode;

/// <summary>What stands where a pointer leads.</summary>
internal enum FieldKind : byte
{
    Missing,
    Null,
    String,
    Number,

    /// <summary>Another type than string and number.</summary>
    Other,

    /// <summary>The way leads through something that has no such members: a scalar, or an array asked for a name.</summary>
    Blocked,
}

/// <summary>A field as it stands in the document: offset and length in bytes, for a string without its quotes.</summary>
internal readonly record struct FieldValue(FieldKind Kind, int Start = 0, int Length = 0, bool Escaped = false);

/// <summary>
/// One pass over a JSON document that notes where its fields stand and builds nothing. The whole document is read, so that what is
/// broken behind the last field is seen too. A member that occurs twice: the last one wins, as with most JSON readers.
/// </summary>
internal ref struct FieldWalk
{
    // One bit a pointer; four fields need four.
    private readonly ReadOnlySpan<JsonPointer?> _pointers;
    private readonly Span<FieldValue> _values;
    private readonly int _maxDepth;
    private readonly int _longest;
    private readonly Span<Level> _levels;
    private Utf8JsonReader _reader;
    private int _depth;
    private uint _named;

    /// <param name="json">The document, valid UTF-8.</param>
    /// <param name="pointers">Null: that field is not read. At most 32.</param>
    /// <param name="values">One a pointer; filled by <see cref="Run"/>.</param>
    /// <param name="levels">Scratch, one more than the longest pointer has tokens.</param>
    public FieldWalk(ReadOnlySpan<byte> json, ReadOnlySpan<JsonPointer?> pointers, Span<FieldValue> values, Span<Level> levels, int maxDepth)
    {
        _pointers = pointers;
        _values = values;
        _levels = levels;
        _maxDepth = maxDepth;
        _longest = levels.Length - 1;

        // One more than ours: the reader answers depth with an exception, our own count comes first.
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth + 1 });
        _values.Clear();
        _named = AllPointers();
    }

    /// <summary>The way to a container: which pointers lead into it, and the next element's index, -1 in an object.</summary>
    internal record struct Level(uint Pointers, int NextIndex);

    /// <returns>False when the document nests too deep; then it was read no further.</returns>
    /// <exception cref="JsonException">It is not one JSON document.</exception>
    public bool Run()
    {
        while (_reader.Read())
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    _named = _depth <= _longest ? MatchName(_levels[_depth].Pointers) : 0;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _depth--;
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (_depth == _maxDepth)
                    {
                        return false;
                    }

                    Open(TakeWay());
                    break;
                default:
                    Note(TakeWay(), Value());
                    break;
            }
        }

        return true;
    }

    /// <summary>The pointers that lead to the value the reader stands at.</summary>
    private uint TakeWay()
    {
        if (_depth > _longest)
        {
            return 0;
        }

        if (_depth == 0 || _levels[_depth].NextIndex < 0)
        {
            return _named;
        }

        var index = _levels[_depth].NextIndex++;
        var way = 0u;
        for (var p = 0; p < _pointers.Length; p++)
        {
            if ((_levels[_depth].Pointers & (1u << p)) != 0 && _pointers[p]!.Indexes(_depth - 1, index))
            {
                way |= 1u << p;
            }
        }

        return way;
    }

    private void Open(uint way)
    {
        var isArray = _reader.TokenType == JsonTokenType.StartArray;
        var inside = 0u;
        for (var p = 0; p < _pointers.Length && way != 0; p++)
        {
            if ((way & (1u << p)) == 0)
            {
                continue;
            }

            var ends = _pointers[p]!.Count == _depth;
            var blocked = !ends && isArray && !_pointers[p]!.CanIndex(_depth);
            _values[p] = new FieldValue(ends ? FieldKind.Other : blocked ? FieldKind.Blocked : FieldKind.Missing);
            inside |= ends || blocked ? 0 : 1u << p;
        }

        _depth++;
        if (_depth <= _longest)
        {
            _levels[_depth] = new Level(inside, isArray ? 0 : -1);
        }
    }

    private readonly void Note(uint way, FieldValue value)
    {
        for (var p = 0; p < _pointers.Length && way != 0; p++)
        {
            if ((way & (1u << p)) != 0)
            {
                // On the way to a field, null means that there is no such object; anything else is a wrong turn. The document itself must exist.
                _values[p] = _pointers[p]!.Count == _depth ? value
                    : new FieldValue(value.Kind == FieldKind.Null && _depth > 0 ? FieldKind.Missing : FieldKind.Blocked);
            }
        }
    }

    private readonly FieldValue Value()
    {
        var start = (int)_reader.TokenStartIndex;
        return _reader.TokenType switch
        {
            JsonTokenType.String => new FieldValue(FieldKind.String, start + 1, _reader.ValueSpan.Length, _reader.ValueIsEscaped),
            JsonTokenType.Number => new FieldValue(FieldKind.Number, start, _reader.ValueSpan.Length),
            JsonTokenType.Null => new FieldValue(FieldKind.Null),
            _ => new FieldValue(FieldKind.Other),
        };
    }

    private readonly uint MatchName(uint way)
    {
        if (way == 0)
        {
            return 0;
        }

        return _reader.ValueIsEscaped ? MatchEscapedName(way) : MatchName(way, _reader.ValueSpan);
    }

    private readonly uint MatchEscapedName(uint way)
    {
        Span<byte> name = stackalloc byte[JsonPointer.MaxBytes];
        if (!JsonString.TryMeasure(_reader.ValueSpan, out var length) || length > name.Length)
        {
            return 0;
        }

        JsonString.Unescape(_reader.ValueSpan, name);
        return MatchName(way, name[..length]);
    }

    private readonly uint MatchName(uint way, ReadOnlySpan<byte> name)
    {
        var named = 0u;
        for (var p = 0; p < _pointers.Length; p++)
        {
            if ((way & (1u << p)) != 0 && _pointers[p]!.Names(_depth - 1, name))
            {
                named |= 1u << p;
            }
        }

        return named;
    }

    private readonly uint AllPointers()
    {
        var all = 0u;
        for (var p = 0; p < _pointers.Length; p++)
        {
            all |= _pointers[p] is null ? 0 : 1u << p;
        }

        return all;
    }
}

using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace StreamScorer.Shared.Judge;

/// <summary>
/// A few values under names that never change. Keeps their order, which a record on the wire shows, and costs two small objects a
/// post where a dictionary costs a table.
/// </summary>
internal sealed class OrderedMap<T>(string[] keys, T[] values) : IReadOnlyDictionary<string, T>
{
    public int Count => keys.Length;

    public IEnumerable<string> Keys => keys;

    public IEnumerable<T> Values => values;

    public T this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no '{key}'.");

    public bool ContainsKey(string key) => Array.IndexOf(keys, key) >= 0;

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value)
    {
        var index = Array.IndexOf(keys, key);
        value = index < 0 ? default : values[index];
        return index >= 0;
    }

    public IEnumerator<KeyValuePair<string, T>> GetEnumerator()
    {
        for (var i = 0; i < keys.Length; i++)
        {
            yield return new KeyValuePair<string, T>(keys[i], values[i]);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

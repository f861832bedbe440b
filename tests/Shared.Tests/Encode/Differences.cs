using System.Text;
using System.Text.Json;

namespace Shared.Tests.Encode;

/// <summary>Collects what differs from the golden files and fails with the first few, readable: texts escaped, ids decoded.</summary>
internal sealed class Differences(Golden.Subject subject)
{
    private const int Shown = 5;

    private readonly StringBuilder _report = new();
    private int _lines;
    private int _found;

    public void Compare(string text, ReadOnlySpan<int> expected, ReadOnlySpan<int> actual, string what = "ids")
    {
        _lines++;
        if (!expected.SequenceEqual(actual))
        {
            Report(text, what, subject.Decode(expected.ToArray()), subject.Decode(actual.ToArray()));
        }
    }

    public void CompareValues<T>(string text, ReadOnlySpan<T> expected, ReadOnlySpan<T> actual, string what)
    {
        if (!expected.SequenceEqual(actual))
        {
            Report(text, what, string.Join(' ', expected.ToArray()), string.Join(' ', actual.ToArray()));
        }
    }

    public void AssertNone(int lines)
    {
        Assert.True(_found == 0, $"{_found} differences:\n{_report}");
        Assert.Equal(lines, _lines);
    }

    private void Report(string text, string what, string expected, string actual)
    {
        if (_found++ < Shown)
        {
            _report.Append(JsonSerializer.Serialize(text)).Append(' ').Append(what)
                .Append("\n  expected ").Append(expected).Append("\n  actual   ").Append(actual).Append('\n');
        }
    }
}

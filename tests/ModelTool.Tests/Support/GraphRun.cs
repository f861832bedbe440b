using Microsoft.ML.OnnxRuntime;
using StreamScorer.Shared.Infer;

namespace ModelTool.Tests.Support;

/// <summary>Runs a graph of either layout on rows of several lengths at once.</summary>
internal static class GraphRun
{
    /// <returns>For each row its values by output, padding left out.</returns>
    public static List<Dictionary<string, float[]>> Run(string graph, IReadOnlyList<GoldenRow> rows, int batch)
    {
        using var settings = new SessionOptions();
        if (Vnni.Missing)
        {
            Vnni.MakeWeightsUnsigned(settings); // as the worker opens it
        }

        using var session = new InferenceSession(graph, settings);
        return [.. rows.Chunk(batch).SelectMany(chunk => Run(session, chunk))];
    }

    /// <summary>Every row's values against the reference's.</summary>
    public static void AssertParity(string graph, IReadOnlyList<GoldenRow> rows, float tolerance, int batch = 16)
    {
        foreach (var (expected, actual) in rows.Zip(Run(graph, rows, batch)))
        {
            foreach (var (name, values) in actual)
            {
                Assert.Equal(expected.Values[name].Length, values.Length);
                Assert.All(expected.Values[name].Zip(values), pair => Assert.Equal(pair.First, pair.Second, tolerance));
            }
        }
    }

    private static Dictionary<string, float[]>[] Run(InferenceSession session, GoldenRow[] rows)
    {
        var longest = rows.Max(row => row.Ids.Length);
        var packed = session.InputMetadata.ContainsKey("bounds");
        var inputs = packed ? Packed(rows) : Padded(rows);
        using var run = new RunOptions();
        var names = session.OutputNames;
        using var results = session.Run(run, inputs, names);
        var values = rows.Select(_ => new Dictionary<string, float[]>(StringComparer.Ordinal)).ToArray();
        for (var output = 0; output < names.Count; output++)
        {
            var shape = results[output].GetTensorTypeAndShape().Shape;
            var all = results[output].GetTensorDataAsSpan<float>();
            var width = (int)shape[^1];
            for (int row = 0, token = 0; row < rows.Length; token += packed ? rows[row].Ids.Length : longest, row++)
            {
                // Values of tokens, or of the row as a whole.
                var ofTokens = shape.Length == 3 || (packed && shape[0] != rows.Length);
                values[row][names[output]] = (ofTokens ? all.Slice(token * width, rows[row].Ids.Length * width) : all.Slice(row * width, width)).ToArray();
            }
        }

        foreach (var input in inputs.Values)
        {
            input.Dispose();
        }

        return values;
    }

    private static Dictionary<string, OrtValue> Padded(GoldenRow[] rows)
    {
        var longest = rows.Max(row => row.Ids.Length);
        OrtValue Pad(Func<GoldenRow, IEnumerable<long>> values) => OrtValue.CreateTensorValueFromMemory<long>(
            [.. rows.SelectMany(row => values(row).Concat(Enumerable.Repeat(0L, longest - row.Ids.Length)))], [rows.Length, longest]);
        return new Dictionary<string, OrtValue>
        {
            ["input_ids"] = Pad(row => row.Ids),
            ["attention_mask"] = Pad(row => row.Ids.Select(_ => 1L)),
            ["token_type_ids"] = Pad(row => row.Segments),
        };
    }

    private static Dictionary<string, OrtValue> Packed(GoldenRow[] rows)
    {
        OrtValue Line(IEnumerable<long> values)
        {
            int[] line = [.. values.Select(value => (int)value)];
            return OrtValue.CreateTensorValueFromMemory(line, [line.Length]);
        }

        return new Dictionary<string, OrtValue>
        {
            ["ids"] = Line(rows.SelectMany(row => row.Ids)),
            ["positions"] = Line(rows.SelectMany(row => row.Ids.Select((_, position) => (long)position))),
            ["segments"] = Line(rows.SelectMany(row => row.Segments)),
            ["bounds"] = Line(Enumerable.Range(0, rows.Length + 1).Select(row => rows.Take(row).Sum(r => (long)r.Ids.Length))),
        };
    }
}

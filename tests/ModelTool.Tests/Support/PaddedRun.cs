using Microsoft.ML.OnnxRuntime;

namespace ModelTool.Tests.Support;

/// <summary>Runs a padded graph on rows of several lengths at once, so that padding is at work.</summary>
internal static class PaddedRun
{
    /// <returns>For each row its values by output, padding left out.</returns>
    public static List<Dictionary<string, float[]>> Run(string graph, IReadOnlyList<GoldenRow> rows, int batch)
    {
        using var session = new InferenceSession(graph);
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
        long[] Pad(Func<GoldenRow, IEnumerable<long>> values) => [.. rows.SelectMany(row => values(row).Concat(Enumerable.Repeat(0L, longest - row.Ids.Length)))];
        var inputs = new Dictionary<string, OrtValue>
        {
            ["input_ids"] = OrtValue.CreateTensorValueFromMemory(Pad(row => row.Ids), [rows.Length, longest]),
            ["attention_mask"] = OrtValue.CreateTensorValueFromMemory(Pad(row => row.Ids.Select(_ => 1L)), [rows.Length, longest]),
            ["token_type_ids"] = OrtValue.CreateTensorValueFromMemory(Pad(row => row.Segments), [rows.Length, longest]),
        };
        using var run = new RunOptions();
        var names = session.OutputNames;
        using var results = session.Run(run, inputs, names);
        var values = rows.Select(_ => new Dictionary<string, float[]>(StringComparer.Ordinal)).ToArray();
        for (var output = 0; output < names.Count; output++)
        {
            var shape = results[output].GetTensorTypeAndShape().Shape;
            var all = results[output].GetTensorDataAsSpan<float>();
            var width = all.Length / rows.Length;
            for (var row = 0; row < rows.Length; row++)
            {
                var used = shape.Length == 3 ? rows[row].Ids.Length * (int)shape[2] : width;
                values[row][names[output]] = all.Slice(row * width, used).ToArray();
            }
        }

        foreach (var input in inputs.Values)
        {
            input.Dispose();
        }

        return values;
    }
}

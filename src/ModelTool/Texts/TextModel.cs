using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using StreamScorer.Shared.Bundle;
using StreamScorer.Shared.Infer;

namespace ModelTool.Texts;

/// <summary>A row of token ids; <paramref name="Segments"/> null where there is one text.</summary>
internal readonly record struct TextRow(int[] Ids, int[]? Segments);

/// <summary>
/// A bundle's graph with heads of any kind, which the worker does not serve. Gives logits by head: [labels] of a row's class, [tokens, labels] of its tokens.
/// </summary>
internal sealed class TextModel : IDisposable
{
    /// <summary>Tokens of one call at most, padding counted.</summary>
    private const int CallTokens = 4096;

    private readonly ModelSession _model;
    private readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };

    public TextModel(ModelBundle bundle, InferOptions options)
    {
        Bundle = bundle;
        _model = ModelSession.Open(bundle, options);
    }

    public ModelBundle Bundle { get; }

    private bool IsPacked => _model.Variant.Layout == GraphLayout.Packed;

    // Without a mask padding would count as text.
    private bool CanPad => IsPacked || _model.Session.InputMetadata.ContainsKey("attention_mask");

    /// <summary>Runs rows of like length together.</summary>
    /// <param name="each">Called once a row, in any order: its index, and its logits by head in manifest order.</param>
    /// <exception cref="InferenceException">The graph failed, or gave a number that is not finite.</exception>
    public void Run(IReadOnlyList<TextRow> rows, Action<int, float[][]> each)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderByDescending(row => rows[row].Ids.Length)];
        for (var first = 0; first < order.Length;)
        {
            var longest = rows[order[first]].Ids.Length;
            var room = order.AsSpan(first, Math.Clamp(CallTokens / longest, 1, order.Length - first));
            var together = CanPad ? room.Length : room.ToArray().TakeWhile(row => rows[row].Ids.Length == longest).Count();
            Run(rows, order.AsSpan(first, together), each);
            first += together;
        }
    }

    public void Dispose()
    {
        _model.Session.Dispose();
        _run.Dispose();
    }

    private void Run(IReadOnlyList<TextRow> all, ReadOnlySpan<int> picked, Action<int, float[][]> each)
    {
        TextRow[] rows = [.. picked.ToArray().Select(row => all[row])];
        var inputs = (IsPacked ? Packed(rows) : Padded(rows)).Where(input => _model.Session.InputMetadata.ContainsKey(input.Name)).ToList();
        var values = inputs.ConvertAll(input => Tensor(input.Name, input.Values, input.Shape));
        try
        {
            using var outputs = _model.Session.Run(_run, [.. inputs.Select(input => input.Name)], values, [.. Bundle.Manifest.Heads.Select(head => head.Name)]);
            float[][] logits = [.. outputs.Select((output, head) => Read(output, Bundle.Manifest.Heads[head].Name))];
            for (int row = 0, token = 0; row < rows.Length; token += IsPacked ? rows[row].Ids.Length : rows[0].Ids.Length, row++)
            {
                each(picked[row], [.. Bundle.Manifest.Heads.Select((head, i) => head.Kind is HeadKind.Token or HeadKind.Span
                    ? logits[i].AsSpan(token * head.Labels.Count, rows[row].Ids.Length * head.Labels.Count).ToArray()
                    : logits[i].AsSpan(row * head.Labels.Count, head.Labels.Count).ToArray())]);
            }
        }
        catch (OnnxRuntimeException e)
        {
            throw new InferenceException($"The model failed on {rows.Length} rows, the longest of {rows[0].Ids.Length} tokens: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    private static IEnumerable<(string Name, long[] Values, long[] Shape)> Packed(TextRow[] rows)
    {
        var bounds = new long[rows.Length + 1];
        for (var row = 0; row < rows.Length; row++)
        {
            bounds[row + 1] = bounds[row] + rows[row].Ids.Length;
        }

        return
        [
            Line("ids", [.. rows.SelectMany(row => row.Ids).Select(id => (long)id)]),
            Line("positions", [.. rows.SelectMany(row => row.Ids.Select((_, position) => (long)position))]),
            Line("segments", [.. rows.SelectMany(row => row.Segments ?? new int[row.Ids.Length]).Select(segment => (long)segment)]),
            Line("bounds", bounds),
        ];

        static (string, long[], long[]) Line(string name, long[] values) => (name, values, [values.Length]);
    }

    private static IEnumerable<(string Name, long[] Values, long[] Shape)> Padded(TextRow[] rows)
    {
        var longest = rows[0].Ids.Length;
        return
        [
            Lines("input_ids", row => row.Ids),
            Lines("attention_mask", row => [.. row.Ids.Select(_ => 1)]),
            Lines("token_type_ids", row => row.Segments ?? []),
        ];

        (string, long[], long[]) Lines(string name, Func<TextRow, int[]> of)
        {
            var values = new long[rows.Length * longest];
            foreach (var (row, own) in rows.Index())
            {
                foreach (var (i, value) in of(own).Index())
                {
                    values[(row * longest) + i] = value;
                }
            }

            return (name, values, [rows.Length, longest]);
        }
    }

    private OrtValue Tensor(string name, long[] values, long[] shape) => _model.Session.InputMetadata[name].ElementDataType == TensorElementType.Int32
        ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (int)value), shape)
        : OrtValue.CreateTensorValueFromMemory(values, shape);

    private static float[] Read(OrtValue output, string head)
    {
        float[] values = output.GetTensorTypeAndShape().ElementDataType == TensorElementType.Float16
            ? [.. output.GetTensorDataAsSpan<Float16>().ToArray().Select(value => (float)value)]
            : output.GetTensorDataAsSpan<float>().ToArray();
        return Array.TrueForAll(values, float.IsFinite) ? values : throw new InferenceException($"The model gave a logit for head '{head}' that is no number.");
    }
}

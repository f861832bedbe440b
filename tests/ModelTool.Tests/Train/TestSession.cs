using Microsoft.ML.OnnxRuntime;

namespace ModelTool.Tests.Train;

/// <summary>Runs a small graph on arrays.</summary>
internal static class TestSession
{
    public static float[][] Run(InferenceSession session, IReadOnlyList<(string Name, long[] Shape, float[] Data)> inputs, IReadOnlyList<string> outputs)
    {
        var values = inputs.Select(input => OrtValue.CreateTensorValueFromMemory(input.Data, input.Shape)).ToList();
        try
        {
            using var options = new RunOptions();
            using var results = session.Run(options, [.. inputs.Select(input => input.Name)], values, outputs);
            return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }
}

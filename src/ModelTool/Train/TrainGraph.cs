using ModelTool.Graph;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Train;

/// <summary>What the graph of a training step, or of a forward pass, holds.</summary>
internal sealed record TrainGraphOptions
{
    /// <summary>Parameters that get gradients; none makes a graph that only gives logits.</summary>
    public required IReadOnlySet<string> Trained { get; init; }

    /// <summary>Whether there are dropout masks among the inputs.</summary>
    public bool Dropout { get; init; }

    /// <summary>By head, what its loss counts in the sum; 1 where a head is not named.</summary>
    public IReadOnlyDictionary<string, float> HeadWeights { get; init; } = new Dictionary<string, float>();

    /// <summary>How the graph updates the weights; null leaves that to others and gives them the gradients.</summary>
    public UpdateOptions? Update { get; init; }
}

/// <param name="LargestNorm">Gradients with a larger norm are scaled down to it; 0 never.</param>
/// <param name="Averages">Whether a moving average of the weights is kept.</param>
internal sealed record UpdateOptions(AdamWOptions AdamW, double LargestNorm, bool Averages);

/// <summary>
/// Forward, losses and gradients of a BERT encoder with heads as one ONNX graph. Weights are inputs, so that the memory the optimiser writes is the memory
/// the graph reads. Rows are padded to [rows, length]; padding gets a probability of exactly 0 as a key, and so a gradient of exactly 0.
/// Without heads on tokens, only [CLS] goes through the last layer.
/// </summary>
internal sealed class TrainGraph(byte[] model)
{
    public const string Ids = "ids";
    public const string SegmentIds = "segments";
    public const string PositionIds = "positions";
    public const string Padding = "padding";
    public const string Factors = "factors";
    public const string Norm = "norm";

    /// <summary>The graph as ONNX Runtime loads it.</summary>
    public byte[] Model => model;

    /// <summary>Weights among the inputs, but for those in <see cref="Groups"/>.</summary>
    public required IReadOnlyList<ParameterShape> Parameters { get; init; }

    /// <summary>Weights that the graph updates itself; it then has inputs and outputs for each <see cref="StateKind"/>, the input <see cref="Factors"/> and the output <see cref="Norm"/>.</summary>
    public required IReadOnlyList<ParameterGroup> Groups { get; init; }

    /// <summary>Sizes among the inputs.</summary>
    public required IReadOnlyList<ShapeInput> Shapes { get; init; }

    /// <summary>Dropout masks among the inputs.</summary>
    public required IReadOnlyList<MaskInput> Masks { get; init; }

    /// <summary>By parameter, the output with its gradient, of the parameter's shape. Embeddings are not among them. Empty where the graph updates the weights itself.</summary>
    public required IReadOnlyDictionary<string, string> Gradients { get; init; }

    /// <summary>The output with the gradient of the sum of embeddings, [rows * length, hidden]; null where embeddings are not trained, or by the graph itself.</summary>
    public required string? EmbeddingGradient { get; init; }

    /// <summary>By head, the output with its loss, a scalar before the head's weight; empty in a graph that only gives logits.</summary>
    public required IReadOnlyDictionary<string, string> Losses { get; init; }

    /// <summary>By head, the output with its logits.</summary>
    public required IReadOnlyDictionary<string, string> Logits { get; init; }

    public required IReadOnlyList<HeadSpec> Heads { get; init; }

    /// <summary>Shape of a head's logits, and of its target.</summary>
    public static long[] LogitShape(HeadSpec head, int rows, int length) => head.Kind switch
    {
        HeadKind.Span => [rows, head.Labels.Count, length],
        HeadKind.Token => [(long)rows * length, head.Labels.Count],
        _ => [rows, head.Labels.Count],
    };

    public static string Target(string head) => $"target.{head}";

    public static string TargetWeight(string head) => $"weight.{head}";

    public static string Scale(string head) => $"scale.{head}";
}

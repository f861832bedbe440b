using System.Numerics;
using System.Runtime.InteropServices;

namespace ModelTool.Train;

/// <summary>Settings of AdamW; the defaults are PyTorch's but for the rate.</summary>
internal sealed record AdamWOptions
{
    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The numbers of one step that are the same for every weight.</summary>
    /// <param name="step">t, from 1.</param>
    /// <param name="rate">Learning rate of this step.</param>
    public AdamWFactors At(long step, double rate) => new(
        (float)(1 - (rate * WeightDecay)), (float)(rate / (1 - Math.Pow(Beta1, step))), (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, step))));
}

/// <param name="Keep">What decay leaves of a weight.</param>
/// <param name="Rate">The learning rate, corrected for the first moment's bias.</param>
/// <param name="InverseRoot">Corrects the root of the second moment.</param>
internal readonly record struct AdamWFactors(float Keep, float Rate, float InverseRoot);

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), in the order of operations of torch.optim.AdamW:
/// w -= rate · decay · w; m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε).
/// </summary>
internal readonly struct AdamW
{
    private readonly float _beta1;
    private readonly float _rest1;
    private readonly float _beta2;
    private readonly float _rest2;
    private readonly float _keep;
    private readonly float _rate;
    private readonly float _inverseRoot;
    private readonly float _epsilon;
    private readonly float _clip;

    /// <param name="step">t, from 1.</param>
    /// <param name="rate">Learning rate of this step.</param>
    /// <param name="clip">Factor on every gradient.</param>
    /// <param name="decays">Whether weight decay applies.</param>
    public AdamW(AdamWOptions options, long step, double rate, double clip, bool decays)
    {
        (_beta1, _rest1) = ((float)options.Beta1, (float)(1 - options.Beta1));
        (_beta2, _rest2) = ((float)options.Beta2, (float)(1 - options.Beta2));
        (var keep, _rate, _inverseRoot) = options.At(step, rate);
        _keep = decays ? keep : 1;
        _epsilon = (float)options.Epsilon;
        _clip = (float)clip;
    }

    /// <summary>One step over a piece of a tensor; the moments are updated with it.</summary>
    /// <param name="gradient">Empty where it is zero throughout.</param>
    public void Apply(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> moment1, Span<float> moment2)
    {
        var w = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var m = MemoryMarshal.Cast<float, Vector<float>>(moment1);
        var v = MemoryMarshal.Cast<float, Vector<float>>(moment2);
        var g = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        for (var i = 0; i < w.Length; i++)
        {
            var slope = g.IsEmpty ? Vector<float>.Zero : g[i] * _clip;
            var first = (m[i] * _beta1) + (slope * _rest1);
            var second = (v[i] * _beta2) + (slope * slope * _rest2);
            m[i] = first;
            v[i] = second;
            var scale = (Vector.SquareRoot(second) * _inverseRoot) + new Vector<float>(_epsilon);
            w[i] = (w[i] * _keep) - (first / scale * _rate);
        }

        for (var i = w.Length * Vector<float>.Count; i < weights.Length; i++)
        {
            var slope = gradient.IsEmpty ? 0 : gradient[i] * _clip;
            moment1[i] = (moment1[i] * _beta1) + (slope * _rest1);
            moment2[i] = (moment2[i] * _beta2) + (slope * slope * _rest2);
            var scale = (MathF.Sqrt(moment2[i]) * _inverseRoot) + _epsilon;
            weights[i] = (weights[i] * _keep) - (moment1[i] / scale * _rate);
        }
    }
}

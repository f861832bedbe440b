using System.Text.Json;
using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Tests.Support;
using ModelTool.Train;
using StreamScorer.Shared.Bundle;

namespace ModelTool.Tests.Train;

/// <summary>Three steps that PyTorch took in double precision, recorded (Shared.Tests/Fixtures/tiny-bert/NOTICE.md).</summary>
public sealed class TrainEngineGoldenTests
{
    public static TheoryData<string> Runs => ["moderation", "sigmoid", "token-and-class", "span"];

    public static MatrixTheoryData<string, bool> RunsBothWays => new(["moderation", "sigmoid", "token-and-class", "span"], [false, true]);

    [Theory]
    [MemberData(nameof(Runs))]
    public void Differentiate_ShouldGiveTheReferencesLossesAndGradients_WhenRun(string run)
    {
        using var recorded = new RecordedRun(run);
        using var parameters = TinyBert.Load(recorded.Heads);
        using var cpu = TrainDevice.Cpu();
        using var engine = new TrainEngine(TinyBert.Config, recorded.Heads, parameters, recorded.Options(parameters), cpu);

        var losses = engine.Differentiate(recorded.Batch);

        recorded.CheckLosses(0, losses);
        var names = recorded.Names("grad.").ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), engine.Updated.Select(TinyBert.InFile).Order(StringComparer.Ordinal));
        Assert.All(parameters.All, parameter =>
        {
            var expected = recorded.Tensor("grad.", parameter.Name);
            var actual = recorded.Pick(parameter, parameter.Gradient!);
            // Relative to the tensor's largest: a float sum of many terms is no better than that. Where the gradient is 0 by its nature, as a key's
            // bias is, which shifts all scores of a row alike, what remains is rounding.
            var allowed = Math.Max(1e-4 * expected.Max(Math.Abs), 5e-8);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(Math.Abs(expected[i] - actual[i]) <= allowed, $"{parameter.Name}[{i}]: {actual[i]}, not {expected[i]}");
            }
        });
    }

    [Theory]
    [MemberData(nameof(RunsBothWays))]
    public void Step_ShouldGiveTheReferencesWeights_WhenOneAndThreeStepsWereTaken(string run, bool inGraph)
    {
        using var recorded = new RecordedRun(run);
        using var parameters = TinyBert.Load(recorded.Heads);
        using var cpu = TrainDevice.Cpu();
        using var engine = Engines.Open(inGraph, recorded.Heads, parameters, recorded.Options(parameters), cpu);

        for (var step = 0; step < 3; step++)
        {
            var result = engine.Step(recorded.Batch, recorded.Rate);

            recorded.CheckLosses(step, result.Losses);
            Assert.Equal(recorded.Steps[step].GetProperty("grad_norm_before_clip").GetDouble(), result.GradientNorm, 1e-4);
            if (step != 1)
            {
                engine.Collect();
                Assert.All(parameters.All, parameter => recorded.CheckWeights(parameter, step + 1));
            }
        }
    }

    private sealed class RecordedRun : IDisposable
    {
        private readonly SafetensorsFile _file;
        private readonly JsonElement _json;
        private readonly long[] _rows;

        public RecordedRun(string name)
        {
            _file = SafetensorsFile.Open(Repository.TinyBert($"train-step.{name}.safetensors"));
            _json = JsonDocument.Parse(File.ReadAllBytes(Repository.TinyBert($"train-step.{name}.json"))).RootElement;
            _rows = _file.Integers("word_embedding_rows");
            Heads = [.. _json.GetProperty("heads").EnumerateArray().Select(head => TinyBert.Heads[head.GetString()!])];
            var mask = _file.Integers("attention_mask");
            var length = (int)_file.Tensors["input_ids"].Shape[1];
            int[] lengths = [.. mask.Chunk(length).Select(row => (int)row.Sum())];
            Batch = new TrainBatch(
                length,
                _file.Integers("input_ids"),
                _file.Integers("token_type_ids"),
                lengths,
                Heads.ToDictionary(head => head.Name, head => Target(head, length)));
        }

        public IReadOnlyList<HeadSpec> Heads { get; }

        public TrainBatch Batch { get; }

        public IReadOnlyList<JsonElement> Steps => [.. _json.GetProperty("steps").EnumerateArray()];

        public double Rate => _json.GetProperty("optimizer").GetProperty("lr").GetDouble();

        public EngineOptions Options(ParameterSet parameters) => new()
        {
            Graph = new TrainGraphOptions { Trained = parameters.All.Select(parameter => parameter.Name).ToHashSet() },
            AdamW = new AdamWOptions { WeightDecay = _json.GetProperty("optimizer").GetProperty("weight_decay").GetDouble() },
            LargestNorm = _json.GetProperty("optimizer").GetProperty("max_grad_norm").GetDouble(),
        };

        public IEnumerable<string> Names(string prefix) => _file.Tensors.Keys
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);

        public float[] Tensor(string prefix, string name) => _file.Floats(prefix + TinyBert.InFile(name));

        public void CheckLosses(int step, IReadOnlyDictionary<string, float> losses)
        {
            var expected = Steps[step].GetProperty("loss");
            Assert.All(Heads, head => Assert.Equal(expected.GetProperty(head.Name).GetDouble(), losses[head.Name], 1e-5));
        }

        public void CheckWeights(Parameter parameter, int step)
        {
            var gradient = Tensor("grad.", parameter.Name);
            var expected = Tensor($"after{step}.", parameter.Name);
            var actual = Pick(parameter, parameter.Value);
            for (var i = 0; i < expected.Length; i++)
            {
                // Adam's first steps are the gradient's sign times the rate; where the gradient is rounding, so is its sign.
                if (Math.Abs(gradient[i]) > 1e-6)
                {
                    Assert.True(
                        Math.Abs(expected[i] - actual[i]) <= 2e-6 * step,
                        $"{parameter.Name}[{i}] after {step}: {actual[i]}, not {expected[i]}; gradient {gradient[i]}");
                }
            }
        }

        /// <summary>What the files hold of a tensor: of the word embedding only the rows in use.</summary>
        public float[] Pick(Parameter parameter, NativeTensor tensor)
        {
            if (parameter.Name != ParameterShape.Words)
            {
                return tensor.Span.ToArray();
            }

            var width = (int)parameter.Shape.Shape[1];
            return [.. _rows.SelectMany(row => tensor.Span.Slice((int)row * width, width).ToArray())];
        }

        public void Dispose() => _file.Dispose();

        private HeadTarget Target(HeadSpec head, int length)
        {
            var labels = _file.Integers($"labels.{head.Name}");
            switch (head.Kind)
            {
                case HeadKind.Sigmoid:
                    return new HeadTarget([.. labels.Select(label => (float)label)], [.. labels.Select(_ => 1f)], 1f / labels.Length);
                case HeadKind.Span:
                    return new HeadTarget(OneHot(labels, length), null, 1f / labels.Length);
                default:
                    return new HeadTarget(OneHot(labels, head.Labels.Count), null, 1f / labels.Count(label => label >= 0));
            }
        }

        private static float[] OneHot(long[] labels, int classes)
        {
            var target = new float[labels.Length * classes];
            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i] >= 0)
                {
                    target[(i * classes) + labels[i]] = 1;
                }
            }

            return target;
        }
    }
}

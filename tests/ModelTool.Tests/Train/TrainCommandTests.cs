using System.Globalization;
using System.Runtime.InteropServices;
using ModelTool.Import;
using ModelTool.Tests.Support;
using ModelTool.Train;

namespace ModelTool.Tests.Train;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Train_ShouldLearnAndWriteAModel_WhenLabelsFollowFromTheText()
    {
        var (code, output, error) = Tool.Run("train", Config(), "--set", "output=" + _folder.PathOf("learn"));

        Assert.True(code == 0, error);
        Assert.Empty(output);
        Assert.Contains("random at first: heads.mood", error, StringComparison.Ordinal);
        var metrics = File.ReadAllLines(_folder.PathOf("learn/metrics.csv"));
        Assert.Equal("step,epoch,part,rate,gradient_norm,tokens_per_second,loss.mood,loss.traits,f1.mood,f1.traits,f1", metrics[0]);
        var last = metrics[^1].Split(',');
        Assert.Equal("dev", last[2]);
        Assert.Equal(["1", "1", "1"], last[^3..]);
        using var checkpoint = Checkpoint.Open(_folder.PathOf("learn/model"));
        checkpoint.Require(HeadSpecs.Read(checkpoint.HeadsFile!));
    }

    [Theory]
    [InlineData(0, "cpu")]
    [InlineData(0.9, "cpu")]
    [InlineData(0.9, "cpu-graph")]
    public void Run_ShouldGiveTheSameWeightsToTheBit_WhenInterruptedAndResumed(double average, string device)
    {
        Train("whole", resume: false, stopAfter: int.MaxValue, average, device: device);
        Assert.False(Train("parts", resume: false, stopAfter: 5, average, device: device));
        Assert.False(Train("parts", resume: true, stopAfter: 9, average, device: device));
        Assert.True(Train("parts", resume: true, stopAfter: int.MaxValue, average, device: device));

        foreach (var file in (string[])["last/model.safetensors", "last/moments.safetensors", "last/state.json", "model/model.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(_folder.PathOf($"whole/{file}")), File.ReadAllBytes(_folder.PathOf($"parts/{file}")));
        }

        static string[] Steps(string file) => [.. File.ReadLines(file).Select(line => string.Join(',', line.Split(',').Where((_, column) => column != 5)))];
        Assert.Equal(Steps(_folder.PathOf("whole/metrics.csv")), Steps(_folder.PathOf("parts/metrics.csv"))); // but for the speed
    }

    [Fact]
    public void Run_ShouldGoOnOnAnotherDevice_WhenStopped()
    {
        Assert.False(Train("out", resume: false, stopAfter: 5, device: "cpu-graph"));
        Assert.True(Train("out", resume: true, stopAfter: int.MaxValue, device: "cpu"));
    }

    [Fact]
    public void Train_ShouldSayWhatIsMissing_WhenCudaIsAskedForAndNotThere()
    {
        Assert.SkipWhen(NativeLibrary.TryLoad("libcuda.so.1", out _), "This machine has an NVIDIA driver.");

        Assert.Equal(
            "'device' is cuda, but there is no NVIDIA driver (libcuda.so.1 does not load). CUDA needs an NVIDIA driver and the CUDA 13 libraries cudart, cublas, curand and cudnn on the loader path; without them train with --set device=cpu.",
            Fault("train", Config(), "--set", "device=cuda"));
        Assert.False(Directory.Exists(_folder.PathOf("out")));
    }

    [Fact]
    public void Run_ShouldSaveTheAverageAsTheModel_WhenOneIsKept()
    {
        Train("out", resume: false, stopAfter: int.MaxValue, average: 0.9, epochs: 1);

        using var model = SafetensorsFile.Open(_folder.PathOf("out/model/model.safetensors"));
        using var last = SafetensorsFile.Open(_folder.PathOf("out/last/model.safetensors"));
        using var beside = SafetensorsFile.Open(_folder.PathOf("out/last/moments.safetensors"));
        Assert.All(model.Tensors.Keys, name => Assert.Equal(beside.Floats("average." + name), model.Floats(name)));
        Assert.NotEqual(last.Floats("pooler.dense.weight"), model.Floats("pooler.dense.weight"));
    }

    [Fact]
    public void Train_ShouldEndEarly_WhenNothingGetsBetter()
    {
        var (_, _, error) = Tool.Run("train", Config(), "--set", "learning_rate=1e-30", "--set", "patience=1");

        Assert.Contains("Done after 2 epochs", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ShouldKeepTheLastGoodWeights_WhenTheLossIsNoNumber()
    {
        var (code, _, error) = Tool.Run("train", Config(), "--set", "learning_rate=1e38", "--set", "warmup=0", "--set", "weight_decay=0");

        Assert.Equal(1, code);
        Assert.Contains("gave no finite number for", error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.PathOf("out/last/model.safetensors")));
    }

    [Fact]
    public void Train_ShouldRefuseToOverwrite_WhenTheOutputHoldsATraining()
    {
        Train("out", resume: false, stopAfter: 1);

        Assert.Contains("go on with --resume", Fault("train", Config()), StringComparison.Ordinal);
        Assert.Contains("have changed since", Fault("train", Config(), "--resume", "--set", "seed=2"), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ShouldSayWhichFile_WhenTheCheckpointIsDamaged()
    {
        Train("out", resume: false, stopAfter: 1);

        File.Delete(_folder.PathOf("out/last/moments.safetensors"));
        Assert.Contains("has no moments.safetensors", Fault("train", Config(), "--resume", "--set", "epochs=2"), StringComparison.Ordinal);
        _folder.Write("out/last/state.json", "{");
        Assert.Contains("state.json is damaged", Fault("train", Config(), "--resume", "--set", "epochs=2"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("freeze={backbone: true, heads: [mood, traits]}", "leaves nothing to train")]
    [InlineData("freeze.layers=3", "the encoder has 2 layers")]
    [InlineData("max_tokens=513", "allows 512 positions")]
    [InlineData("checkpoint=nowhere", "There is no")]
    [InlineData("heads.hate={labels: [a, b, c], column: mood}", "tensor 'heads.hate.weight' has shape [2, 32] and must have [3, 32]")]
    public void Train_ShouldSayWhatIsWrong_WhenTheConfigurationDoesNotFit(string setting, string fault) =>
        Assert.Contains(fault, Fault("train", Config(), "--set", setting), StringComparison.Ordinal);

    [Fact]
    public void Train_ShouldSayHow_WhenThereIsNothingToResume() =>
        Assert.Contains("start without --resume", Fault("train", Config(), "--resume"), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    /// <summary>The last line: others say how far it came.</summary>
    private static string Fault(params string[] args)
    {
        var (code, _, error) = Tool.Run(args);
        Assert.Equal(1, code);
        return error.TrimEnd().Split('\n')[^1];
    }

    private bool Train(string output, bool resume, int stopAfter, double average = 0, int epochs = 2, string device = "cpu")
    {
        var config = TrainConfigFile.Read(Config(), [$"output={_folder.PathOf(output)}", $"epochs={epochs}", $"device={device}", $"average={average.ToString(CultureInfo.InvariantCulture)}"]);
        using var trainer = new Trainer(config, new ProgressLine(TextWriter.Null, terminal: true, TimeProvider.System));
        var metrics = _folder.PathOf($"{output}/metrics.csv");
        return trainer.Run(resume, () => File.ReadLines(metrics).Count(line => line.Contains("train", StringComparison.Ordinal)) >= stopAfter);
    }

    /// <summary>The tiny model, rows whose labels a few words decide.</summary>
    private string Config()
    {
        var random = new Random(3);
        string[][] words = [["sad", "bad", "poor"], ["good", "great", "happy"]];
        var rows = Enumerable.Range(0, 240).Select(i =>
        {
            var (mood, first) = (i % 2, i / 2 % 2);
            var text = $"{words[mood][random.Next(3)]} {(first == 1 ? "war" : "music")} {string.Join(' ', Enumerable.Repeat("and", random.Next(9)))}";
            return $"{text},{(i % 5 == 4 ? "" : mood)},{first},{mood},{(i < 192 ? "train" : "dev")}";
        });
        _folder.Write("rows.csv", "text,mood,war,glad,split\n" + string.Join('\n', rows) + "\n");
        return _folder.Write("train.yaml", $$"""
            checkpoint: {{Path.GetDirectoryName(Repository.TinyBert("config.json"))}}
            output: out
            data: {train: [rows.csv], split: split}
            heads:
              mood: {labels: [low, high]}
              traits: {kind: sigmoid, labels: [war, glad]}
            batch: 16
            epochs: 8
            learning_rate: 5e-3
            patience: 0
            checkpoint_steps: 4
            """);
    }
}
